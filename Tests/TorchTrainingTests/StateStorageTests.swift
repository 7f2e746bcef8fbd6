import Files
import Foundation
import TestSupport
import Testing
import Torch

@testable import TorchTraining

/// A model of three parts, whose training must not depend on where its state is.
@Suite struct StateStorageTests {
    /// Weights, moments, average and norm after some updates with gradients that are given.
    private func train(
        _ storage: (any StateStorage)?, dtype: DType, keepsWeights: Bool = true
    ) throws -> [[Float]] {
        let state = try TrainedState(
            (0..<3).map { part in
                (
                    prefix: "part\(part).",
                    weights: [
                        (name: "a", tensor: try Tensor.randn([17, 3], seed: UInt32(part))),
                        (name: "b", tensor: try Tensor.randn([2000 + 7 * part], seed: 9)),
                    ]
                )
            },
            dtype: dtype, device: .cpu, storage: storage, sharesScratch: true, keepsWeights: keepsWeights)
        let optimizer = try AdamW(state)
        let average = try ExponentialMovingAverage(state, decay: 0.9)
        var norms: [Float] = []
        for step in 0..<4 {
            for pass in 0..<3 {
                for part in state.parts.reversed() {
                    try part.beginGradient()
                    let leaves = try part.weights.acquire().sorted { $0.key < $1.key }
                    try withGradients {
                        for (index, leaf) in leaves.enumerated() {
                            let factor = try Tensor.randn(
                                leaf.value.shape, seed: UInt32(100 * step + 10 * pass + index))
                            try (leaf.value * leaf.value * factor.to(dtype)).sum().backward()
                        }
                    }
                    part.weights.release()
                    try part.endGradient()
                }
            }
            let clip = try GradientClip(state, limit: 1)
            norms.append(Float(try clip.norm.item()))
            if step == 2 {
                try state.discardGradients()
                continue
            }
            try optimizer.step(learningRate: 0.01, factor: clip.factor) { part, master in
                try average.update(part: part, master: master, step: step)
            }
        }
        let slots = try StateSlot.allCases.flatMap { slot in
            try state.parts.map { part in try state.storage.with(slot, of: part.index) { try $0.array(of: Float.self) }
            }
        }
        let weights = try state.parts.map { part in
            defer { part.weights.release() }
            return try part.weights.acquire().sorted { $0.key < $1.key }.flatMap {
                try $0.value.to(.float32).reshape([-1]).array(of: Float.self)
            }
        }
        return slots + weights + [norms]
    }

    @Test(arguments: [DType.float32, .bfloat16]) func whereTheStateIsChangesNoBit(dtype: DType) throws {
        let resident = try train(nil, dtype: dtype)
        #expect(resident.allSatisfy { $0.allSatisfy(\.isFinite) })
        for keepsWeights in [true, false] {
            #expect(try train(HostStorage(device: .cpu), dtype: dtype, keepsWeights: keepsWeights) == resident)
            try withTemporaryFolder { folder in
                // Room for everything, for two slots, and for less than one.
                for limit in [nil, 20_000, 1] {
                    let storage = try FileStorage(folder: folder, memoryLimit: limit)
                    #expect(try train(storage, dtype: dtype, keepsWeights: keepsWeights) == resident, "\(limit ?? 0)")
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            }
        }
    }

    @Test func slotsComeBackInAnyOrder() throws {
        try withTemporaryFolder { folder in
            let storage = try FileStorage(folder: folder, memoryLimit: 100_000)
            var expected: [[Float]] = []
            for part in 0..<10 {
                let values = try Tensor.randn([4000 + part], seed: UInt32(part))
                try storage.create(.master, of: part, from: values)
                try storage.create(.gradient, of: part, count: 10)
                expected.append(try values.array())
            }
            for round in 0..<6 {
                for step in 0..<10 {
                    let part = (step * 7 + round) % 10
                    try storage.expect([.master, .gradient, .average], of: (part + 3) % 10)
                    try storage.with(.master, of: part, round % 2 == 0 ? .changed : .unchanged) { master in
                        #expect(try master.array(of: Float.self) == expected[part])
                        if round % 2 == 0 {
                            try master.affineInPlace(scale: 1, shift: 1)
                            expected[part] = try master.array()
                        }
                    }
                }
            }
            try storage.with(.gradient, of: 3, .changed) { try $0.affineInPlace(scale: 1, shift: 2) }
            try storage.with(.gradient, of: 3, .cleared) {
                let values = try $0.array(of: Float.self)
                #expect(values == Array(repeating: 2, count: 10))
            }
            try storage.with(.gradient, of: 3) {
                let values = try $0.array(of: Float.self)
                #expect(values == Array(repeating: 0, count: 10))
            }
        }
    }

    @Test func aFolderWithoutRoomIsOneSentence() throws {
        try withTemporaryFolder { folder in
            let storage = try FileStorage(folder: folder)
            let error = #expect(throws: FileError.self) { try storage.create(.master, of: 0, count: 1 << 50) }
            #expect(error?.description.hasPrefix("\(folder) cannot be written: ") == true)
        }
    }
}
