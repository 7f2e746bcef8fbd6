import Foundation
import Safetensors
import TestSupport
import Testing
import Torch

@testable import TorchNN

@Suite struct WeightsTests {
    /// A file with a weight of two blocks.
    func withFile<R>(_ body: (String) throws -> R) throws -> R {
        try withTemporaryFolder { folder in
            let path = "\(folder)/weights.safetensors"
            let tensors = [
                "blocks.0.weight": try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
                "blocks.1.weight": try Tensor([7, 8, 9, 10, 11, 12] as [Float], shape: [2, 3]).to(.bfloat16),
                "blocks.1.bias": try Tensor([0.5, -0.5] as [Float], shape: [2]),
            ]
            try writeTensors(tensors, to: path)
            return try body(path)
        }
    }

    @Test func givesTensorsByPosition() throws {
        try withFile { path in
            let weights = Weights(try SafetensorsCollection(path: path), dtype: .float32)
            #expect(weights["blocks"][1].prefix == "blocks.1.")
            #expect(weights["blocks.1"].contains("bias"))
            #expect(!weights["blocks.0"].contains("bias"))
            #expect(weights.shape(of: "blocks.0.weight") == [2, 3])
            let layer = try Linear(weights["blocks"][1], 3, 2)
            #expect(try layer.weight.array(of: Float.self) == [7, 8, 9, 10, 11, 12])
            #expect(try layer(Tensor.ones([1, 3])).array(of: Float.self) == [24.5, 32.5])
        }
    }

    @Test func mapsTheFileWhereNothingChanges() throws {
        try withFile { path in
            let file = try SafetensorsCollection(path: path)
            let tensor = try Weights(file, dtype: .float32).tensor("blocks.0.weight", shape: [2, 3])
            let mapping = try #require(file.files.first).mapping
            let start = Int(bitPattern: mapping.baseAddress)
            let address = try tensor.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
            #expect((start..<start + mapping.count).contains(address))
            // Writing to it changes the tensor, never the file.
            try tensor.affineInPlace(scale: 0, shift: 1)
            #expect(try tensor.sum().item() == 6)
            #expect(try readTensors(path)["blocks.0.weight"]?.sum().item() == 21)
        }
    }

    @Test func aTensorOutlivesItsFile() throws {
        let tensor = try withFile { path in
            try Weights(SafetensorsCollection(path: path), dtype: .float32).tensor("blocks.0.weight", shape: [2, 3])
        }
        #expect(try tensor.sum().item() == 21)
    }

    @Test func releasedPagesAreReadAgain() throws {
        try withFile { path in
            let weights = Weights(try SafetensorsCollection(path: path), dtype: .float32)
            let tensor = try weights.tensor("blocks.0.weight", shape: [2, 3])
            weights["blocks"].releasePages()
            #expect(try tensor.sum().item() == 21)
        }
    }

    @Test func convertsDtypes() throws {
        try withFile { path in
            let weights = Weights(try SafetensorsCollection(path: path), dtype: .float16)
            let tensor = try weights.tensor("blocks.1.weight", shape: [2, 3])
            #expect(tensor.dtype == .float16)
            #expect(
                try weights.converted(to: .float64, device: .cpu).tensor("blocks.1.weight", shape: [2, 3]).dtype
                    == .float64)
        }
    }

    @Test func refusesWhatDoesNotFit() throws {
        try withFile { path in
            let weights = Weights(try SafetensorsCollection(path: path), dtype: .float32)
            #expect(throws: WeightsError.prefixed(key: "0.weight", file: path, stored: "blocks.0.weight")) {
                try weights["0"].tensor("weight", shape: [2])
            }
            #expect(throws: WeightsError.missing(key: "blocks.2.weight", file: path)) {
                try weights["blocks"][2].tensor("weight", shape: [2, 3])
            }
            #expect(
                throws: WeightsError.wrongShape(
                    key: "blocks.0.weight", file: path, found: [2, 3], expected: [3, 2])
            ) { try weights["blocks"][0].tensor("weight", shape: [3, 2]) }
            _ = try Linear(weights["blocks"][1], 3, 2)
            #expect(throws: WeightsError.unexpected(keys: ["blocks.0.weight"], file: path)) {
                try weights["blocks"].finish()
            }
            weights.ignore("blocks.0.weight")
            try weights.finish()
        }
    }

    @Test func takesTensorsInMemory() throws {
        let weights = Weights(
            ["norm.weight": try Tensor.ones([4]), "norm.bias": try Tensor.zeros([4])], dtype: .float32)
        let norm = try LayerNorm(weights["norm"], 4, eps: 1e-5)
        try weights.finish()
        #expect(try norm(Tensor.arange(0..<4, dtype: .float32)).mean().item().magnitude < 1e-6)
    }
}
