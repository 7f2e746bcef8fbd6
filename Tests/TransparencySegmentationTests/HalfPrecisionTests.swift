import Foundation
import Images
import StableDiffusion3
import TestSupport
import Testing
import Torch

@testable import TransparencySegmentation

@Suite struct HalfPrecisionTests {
    private let picture: Image

    init() throws {
        picture = try Image(
            width: 50, height: 40, channels: 3, pixels: (0..<6000).map { UInt8(($0 * 7 + $0 / 150) % 256) })
    }

    /// A model whose VAE goes beyond float16: the norm behind the scaled layer takes the factor out again.
    private func makeModel(in folder: String) throws -> String {
        let path = "\(folder)/model"
        try ModelFolder("\(goldens)/tiny-0").export(to: path, folded: false, dtype: .float32)
        try editTensors("\(path)/vae/diffusion_pytorch_model.safetensors") {
            $0["decoder.conv_in.weight"] = try $0["decoder.conv_in.weight"].map { try $0 * 2e5 }
        }
        return path
    }

    @Test(arguments: [TransformerForm.folded, .plain])
    func aVAEThatAsksForItComputesInFloat32(form: TransformerForm) async throws {
        try await withTemporaryFolderOfTask { folder in
            let model = try makeModel(in: folder)
            let half = try await Segmenter(model: model, device: .cpu, dtype: .float16, form: form)
            #expect(half.dtype == .float16)
            #expect(half.arithmetic.hasPrefix("float16, the VAE in float32"))
            let exact = try await Segmenter(model: model, device: .cpu, form: form)
            let (one, other) = (
                try await half.segment(picture, size: .square(64)), try await exact.segment(picture, size: .square(64))
            )
            let difference = zip(one.softMask, other.softMask).map { abs($0 - $1) }.reduce(0, +)
            #expect(difference / Float(one.softMask.count) < 1 / 255)
            // The VAE alone is then the same to the bit.
            let mask = try Image(width: 64, height: 64, channels: 1, pixels: (0..<4096).map { $0 % 5 == 0 ? 12 : 0 })
            let planes = try await (
                ComputeActor.run { try half.reconstruct([mask]) }, ComputeActor.run { try exact.reconstruct([mask]) }
            )
            #expect(planes.0.map(\.planes) == planes.1.map(\.planes))
        }
    }

    @Test func whatIsNotFiniteIsAnErrorWithARemedy() async throws {
        try await withTemporaryFolderOfTask { folder in
            let model = try makeModel(in: folder)
            try editJSON("\(model)/vae/config.json") { $0["force_upcast"] = false }
            let segmenter = try await Segmenter(model: model, device: .cpu, dtype: .float16)
            let error = await #expect(throws: SegmentationError.self) {
                try await segmenter.segment(picture, size: .square(64))
            }
            #expect(error?.description.contains("take dtype bfloat16 or float32") == true)
        }
    }
}
