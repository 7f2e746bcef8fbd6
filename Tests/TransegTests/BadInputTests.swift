import Files
import Foundation
import Images
import TestSupport
import Testing
import Torch

/// Each bad input is one sentence on standard error, the right exit code, and nothing half-written.
@Suite struct BadInputTests {
    func run(
        _ arguments: [String], exitCode: Int32, says: [String], setUp: (String) throws -> Void = { _ in },
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/good.png")
            try setUp(folder)
            let result = try Program.run(["segment"] + arguments, in: folder)
            #expect(result.exitCode == exitCode, "\(result.errors)", sourceLocation: sourceLocation)
            for text in says {
                #expect(result.errors.contains(text), "\(result.errors)", sourceLocation: sourceLocation)
            }
            // A usage error is followed by the usage.
            #expect(exitCode == 64 || result.errorLines.count == 1, "\(result.errors)", sourceLocation: sourceLocation)
            let output = "\(folder)/transeg-output"
            if isFolder(output) {
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: output).isEmpty, sourceLocation: sourceLocation)
            }
        }
    }

    func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    @Test func pictures() throws {
        let model = ["--model", tinyModel]
        try run(["nothing.jpg"] + model, exitCode: 1, says: ["nothing.jpg"])
        try run(["text.jpg"] + model, exitCode: 1, says: ["text.jpg", "not an image"]) {
            try Data("hello".utf8).write(to: URL(fileURLWithPath: "\($0)/text.jpg"))
        }
        try run(["cut.png"] + model, exitCode: 1, says: ["cut.png", "cut short"]) {
            let whole = try drawnPicture(width: 300, height: 300).pngData()
            try Data(whole.prefix(whole.count / 2)).write(to: URL(fileURLWithPath: "\($0)/cut.png"))
        }
        try run(["bomb.png"] + model, exitCode: 1, says: ["bomb.png", "60000 x 60000", "limit"]) {
            try Data(Self.hugeHeader).write(to: URL(fileURLWithPath: "\($0)/bomb.png"))
        }
        try run(["empty"] + model, exitCode: 1, says: ["empty", "no pictures"]) {
            try FileManager.default.createDirectory(atPath: "\($0)/empty", withIntermediateDirectories: true)
        }
    }

    /// The head of a PNG file of 60,000 × 60,000 pixels: signature, IHDR with its checksum, an empty IDAT.
    static let hugeHeader: [UInt8] = {
        var crcTable: [UInt32] = (0..<256).map { index in
            (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
        }
        func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
            let body = Array(name.utf8) + data
            let crc = ~body.reduce(~UInt32(0)) { crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
            func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
            return bytes(UInt32(data.count)) + body + bytes(crc)
        }
        let side: [UInt8] = [0, 0, 0xEA, 0x60]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", side + side + [8, 2, 0, 0, 0]) + chunk("IDAT", []) + chunk("IEND", [])
    }()

    @Test func models() throws {
        let weights = "model/transformer/diffusion_pytorch_model.safetensors"
        func copy(_ folder: String) throws {
            try FileManager.default.copyItem(atPath: tinyModel, toPath: "\(folder)/model")
        }
        let arguments = ["good.png", "--model", "model"]
        try run(["good.png", "--model", "some/model"], exitCode: 1, says: ["hf download some/model"])
        try run(arguments, exitCode: 1, says: ["model has no vae/config.json"]) {
            try copy($0)
            try FileManager.default.removeItem(atPath: "\($0)/model/vae")
        }
        try run(arguments, exitCode: 1, says: [weights, "bytes"]) {
            try copy($0)
            let whole = try Data(contentsOf: URL(fileURLWithPath: "\($0)/\(weights)"))
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: "\($0)/\(weights)"))
        }
        try run(arguments, exitCode: 1, says: [weights, "proj_out.bias", "[3]", "[64]"]) {
            try copy($0)
            try editTensors("\($0)/\(weights)") { $0["proj_out.bias"] = try Tensor.zeros([3]) }
        }
        try run(arguments, exitCode: 1, says: [weights, "proj_out.bias", "missing"]) {
            try copy($0)
            try editTensors("\($0)/\(weights)") { $0["proj_out.bias"] = nil }
        }
        try run(arguments, exitCode: 1, says: ["good.png", "not numbers in float32"]) {
            try copy($0)
            try editTensors("\($0)/model/vae/diffusion_pytorch_model.safetensors") {
                $0["decoder.conv_out.bias"] = try Tensor.full([3], .nan)
            }
        }
        try run(arguments, exitCode: 1, says: [weights, "surplus"]) {
            try copy($0)
            try editTensors("\($0)/\(weights)") { $0["surplus"] = try Tensor.zeros([3]) }
        }
    }

    @Test func options() throws {
        let good = ["good.png", "--model", tinyModel]
        try run(good + ["--size", "90"], exitCode: 64, says: ["the size 90 is not a multiple of 16; use 80 or 96"])
        try run(good + ["--fit", "0"], exitCode: 64, says: ["the size 0 is not a multiple of 16; use 16 or more"])
        try run(good + ["--size", "\(Int.max)"], exitCode: 64, says: ["use at most 96"])
        try run(good + ["--size", "big"], exitCode: 64, says: ["big"])
        try run(good + ["--size", "64", "--fit", "64"], exitCode: 64, says: ["exclude each other"])
        try run(good + ["--size", "512"], exitCode: 64, says: ["larger than the model can take; use at most 96"])
        try run(good + ["--write", "soft,masks"], exitCode: 64, says: ["soft,masks"])
        try run(good + ["--threshold", "2"], exitCode: 64, says: ["--threshold is 2"])
        try run(good + ["--dtype", "int8"], exitCode: 64, says: ["int8"])
        if Device.count(of: .cuda) == 0 {
            try run(good + ["--device", "cuda"], exitCode: 1, says: ["there is no device cuda", "use cpu"])
        }
        try run(good + ["--output", "."], exitCode: 64, says: ["folder of the input good.png", "overwritten"])
        try run(good + ["--output", ""], exitCode: 64, says: ["--output is empty"])
        try run(good + ["--output", "good.png/out"], exitCode: 1, says: ["good.png/out", "cannot be made"])
        if getuid() != 0 {
            try run(good + ["--output", "locked"], exitCode: 1, says: ["locked", "cannot be written"]) {
                try FileManager.default.createDirectory(
                    atPath: "\($0)/locked", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o500])
            }
        }
    }
}
