import Foundation
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion3

/// The small decoder against what diffusers' makes of the same weights (Tools/tiny_decoder_goldens.py).
@Suite struct AutoencoderTinyTests {
    private let folder = "\(goldens)/tiny-decoder"

    private func decoder(of model: String = "tiny-0", _ folder: String) throws -> AutoencoderTiny {
        try ModelFolder("\(goldens)/\(model)").loadTinyDecoder(folder, dtype: .float32, device: .cpu).decoder
    }

    @Test(arguments: [false, true]) func decodesAsDiffusersDoes(fast: Bool) throws {
        let golden = try readTensors("\(folder)/golden.safetensors")
        let decoder = try decoder(folder)
        let (latent, wanted) = (try #require(golden["latent"]), try #require(golden["decoded"]))
        let found = try withoutGradients {
            try fast ? withFastKernels { try decoder.decode(latent) } : decoder.decode(latent)
        }
        try expectClose(found, wanted, within: Tolerance.rounding)
        // The latent as it lies is something else.
        let unscaled = try withoutGradients { try decoder.decode(latent * 1.25) }
        #expect(try (unscaled - wanted).abs().max().item() > 0.1)
    }

    /// What is not such a decoder, or not this model's, is told by its file.
    @Test func whatDoesNotFitIsTold() throws {
        try withTemporaryFolder { temporary in
            func text(_ change: (inout String) -> Void) throws -> String {
                let copy = "\(temporary)/\(UUID().uuidString)"
                try FileManager.default.copyItem(atPath: folder, toPath: copy)
                var configuration = try String(contentsOfFile: "\(copy)/config.json", encoding: .utf8)
                change(&configuration)
                try configuration.write(toFile: "\(copy)/config.json", atomically: true, encoding: .utf8)
                let error = #expect(throws: (any Error).self) { _ = try decoder(copy) }
                return error.map { "\($0)" } ?? ""
            }
            for (one, other, expected) in [
                ("AutoencoderTiny", "AutoencoderKL", "expected AutoencoderTiny"),
                ("\"latent_channels\": 16", "\"latent_channels\": 4", "latent_channels"),
                ("\"relu\"", "\"gelu\"", "act_fn is gelu; expected relu"),
                ("\"shift_factor\"", "\"other\"", "the key other"),
            ] {
                let found = try text { $0 = $0.replacingOccurrences(of: one, with: other) }
                #expect(found.contains(expected), "\(found)")
            }
            #expect(throws: ModelError.self) { _ = try decoder("\(goldens)/tiny-0") }
            #expect(throws: ModelError.self) { _ = try decoder("\(temporary)/nothing") }
        }
    }
}
