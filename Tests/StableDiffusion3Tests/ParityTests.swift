import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import StableDiffusion3

/// A golden model and what diffusers computes with it.
struct Golden: Sendable, CustomTestStringConvertible {
    let model: String
    let size: String

    var testDescription: String { "\(model) at \(size)" }
    var folder: ModelFolder { get throws { try ModelFolder("\(goldens)/\(model)") } }
    var expected: [String: Tensor] {
        get throws { try readTensors("\(goldens)/\(model)/expected_\(size).safetensors") }
    }

    static let all = ["tiny-0", "tiny-1", "tiny-2"].flatMap { model in
        ["64x64", "32x80"].map { Golden(model: model, size: $0) }
    }
}

extension [String: Tensor] {
    /// The tensor of a name, or a failed test.
    func named(_ name: String) throws -> Tensor { try #require(self[name], "the fixture has no \(name)") }
}

@Suite struct AutoencoderParityTests {
    @Test(arguments: Golden.all)
    func encodesAsDiffusers(golden: Golden) throws {
        try withoutGradients {
            let vae = try golden.folder.loadAutoencoder(dtype: .float32, device: .cpu)
            let expected = try golden.expected
            let posterior = try vae.encode(expected.named("image") * 2 - 1)
            try expectClose(
                vae.scaled(posterior.mode()), expected.named("image_latent"), within: Tolerance.rounding, "image latent"
            )
            try expectClose(
                posterior.sample(seed: 7), expected.named("posterior_sample_seed_7"), within: Tolerance.rounding,
                "sample")
        }
    }

    @Test(arguments: Golden.all)
    func decodesAsDiffusers(golden: Golden) throws {
        try withoutGradients {
            let vae = try golden.folder.loadAutoencoder(dtype: .float32, device: .cpu)
            let expected = try golden.expected
            let decoded = try vae.decode(vae.unscaled(expected.named("prediction_latent")))
            try expectClose(decoded, expected.named("decoded"), within: Tolerance.rounding, "decoded")
        }
    }

    @Test func scalingIsUndone() throws {
        let vae = try Golden.all[0].folder.loadAutoencoder(dtype: .float32, device: .cpu)
        let latent = try Tensor.randn([1, 16, 4, 4], seed: 1)
        try expectClose(vae.unscaled(vae.scaled(latent)), latent, within: Tolerance.rounding, "round trip")
    }

    @Test func aBatchIsItsPictures() throws {
        try withoutGradients {
            let vae = try Golden.all[0].folder.loadAutoencoder(dtype: .float32, device: .cpu)
            let images = try Tensor.randn([2, 3, 32, 48], seed: 5)
            let both = try vae.encode(images).mode()
            for index in 0..<2 {
                let one = try vae.encode(images.narrow(0, start: index, length: 1)).mode()
                try expectClose(
                    both.narrow(0, start: index, length: 1), one, within: Tolerance.rounding, "picture \(index)")
            }
        }
    }
}

@Suite struct TransformerParityTests {
    @Test(arguments: Golden.all)
    func plainIsDiffusers(golden: Golden) throws {
        try withoutGradients {
            let folder = try golden.folder
            let transformer = try folder.loadTransformer(dtype: .float32, device: .cpu)
            let expected = try golden.expected
            let prediction = try transformer(
                expected.named("image_latent"), timestep: segmentationTimestep,
                prompt: folder.loadEmptyPrompt().to(.float32, device: .cpu))
            try expectClose(
                prediction, expected.named("prediction_latent"), within: Tolerance.rounding, "prediction")
        }
    }

    @Test(arguments: Golden.all)
    func foldedIsDiffusers(golden: Golden) throws {
        try withoutGradients {
            let transformer = try golden.folder.loadFoldedTransformer(dtype: .float32, device: .cpu)
            let expected = try golden.expected
            try expectClose(
                transformer(expected.named("image_latent")), expected.named("prediction_latent"),
                within: Tolerance.folded, "prediction")
        }
    }

    @Test(arguments: Golden.all)
    func bfloat16IsNear(golden: Golden) throws {
        try withoutGradients {
            let folder = try golden.folder
            let expected = try golden.expected
            let latent = try expected.named("image_latent").to(.bfloat16)
            let folded = try folder.loadFoldedTransformer(dtype: .bfloat16, device: .cpu)(latent)
            #expect(folded.dtype == .bfloat16)
            try expectClose(folded, expected.named("prediction_latent"), within: Tolerance.bfloat16, "folded")
            let plain = try folder.loadTransformer(dtype: .bfloat16, device: .cpu)(
                latent, timestep: segmentationTimestep, prompt: folder.loadEmptyPrompt().to(.bfloat16, device: .cpu))
            try expectClose(plain, expected.named("prediction_latent"), within: Tolerance.bfloat16, "plain")
        }
    }

    @Test func aBatchIsItsPictures() throws {
        try withoutGradients {
            let transformer = try Golden.all[0].folder.loadFoldedTransformer(dtype: .float32, device: .cpu)
            let latents = try Tensor.randn([3, 16, 4, 6], seed: 2)
            let all = try transformer(latents)
            for index in 0..<3 {
                try expectClose(
                    all.narrow(0, start: index, length: 1), transformer(latents.narrow(0, start: index, length: 1)),
                    within: Tolerance.rounding, "picture \(index)")
            }
        }
    }

    /// Controls: what the comparisons above must notice.
    @Test(arguments: ["swapped heads", "one weight", "another timestep", "another prompt"])
    func aDisturbanceShows(disturbance: String) throws {
        try withoutGradients {
            try withTemporaryFolder { temporary in
                let path = try copyModel("tiny-0", into: temporary)
                try editTensors("\(path)/transformer/diffusion_pytorch_model.safetensors") { tensors in
                    let key = "transformer_blocks.2.attn.to_q.weight"
                    let weight = try #require(tensors[key])
                    if disturbance == "swapped heads" {
                        let heads = try weight.chunk(2, axis: 0)
                        tensors[key] = try cat([heads[1], heads[0]], axis: 0)
                    } else if disturbance == "one weight" {
                        let change = try Tensor.zeros(weight.shape, dtype: weight.dtype)
                        try change.narrow(0, start: 3, length: 1).narrow(1, start: 2, length: 1).affineInPlace(
                            scale: 0, shift: 0.5)
                        tensors[key] = try weight + change
                    }
                }
                let folder = try ModelFolder(path)
                var prompt = try folder.loadEmptyPrompt().to(.float32, device: .cpu)
                if disturbance == "another prompt" {
                    prompt = PromptEmbeddings(tokens: try prompt.tokens * 1.01, pooled: prompt.pooled)
                }
                let expected = try Golden.all[0].expected
                let prediction = try folder.loadTransformer(dtype: .float32, device: .cpu)(
                    expected.named("image_latent"), timestep: disturbance == "another timestep" ? 999 : 1000,
                    prompt: prompt)
                let error = try relativeError(prediction, expected.named("prediction_latent"))
                #expect(error > Tolerance.rounding)
            }
        }
    }

    @Test func refusesPicturesBeyondThePositionTable() throws {
        let transformer = try Golden.all[0].folder.loadFoldedTransformer(dtype: .float32, device: .cpu)
        let error = #expect(throws: ModelError.self) { try transformer(Tensor.zeros([1, 16, 4, 14])) }
        #expect(error?.description.contains("larger than the model's positional embedding") == true)
    }

    @Test func gradientsReachEveryFoldedWeight() throws {
        let folder = try Golden.all[0].folder
        let configuration = try folder.transformerConfiguration()
        let tensors = try FoldedTransformer.fold(
            configuration, Weights(folder.transformerWeights(), dtype: .float32), timestep: 1000,
            prompt: folder.loadEmptyPrompt())
        let leaves = try tensors.mapValues { try $0.clone() }
        for leaf in leaves.values { try leaf.setRequiresGradient() }
        let transformer = try FoldedTransformer(configuration, Weights(leaves, dtype: .float32))
        let out = try transformer(Tensor.randn([1, 16, 4, 4], seed: 3))
        try (out * out).mean().backward()
        for (key, leaf) in leaves {
            let gradient = try #require(try leaf.gradient(), "no gradient for \(key)")
            let size = try gradient.abs().max().item()
            #expect(size.isFinite, "\(key)")
            // Softmax does not see what is added to every key alike, so a key's bias matters only through its norm.
            #expect(size > 0, "the gradient of \(key) is zero")
        }
    }

    @Test func nothingLeaks() throws {
        let transformer = try Golden.all[0].folder.loadFoldedTransformer(dtype: .float32, device: .cpu)
        let latent = try Tensor.randn([1, 16, 4, 4], seed: 3)
        _ = try transformer(latent)
        // Tests beside this one make and drop tensors at the same time, but a leak of one a pass is in every try.
        let growths = try (0..<10).map { _ in
            let before = TorchRuntime.liveTensorCount
            for _ in 0..<20 { _ = try transformer(latent) }
            return TorchRuntime.liveTensorCount - before
        }
        #expect(growths.contains { $0 < 20 }, "\(growths)")
    }
}
