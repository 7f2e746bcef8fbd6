import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import TorchTraining

@testable import StableDiffusion3

@Suite struct FreshModelTests {
    private func autoencoderConfiguration() throws -> AutoencoderKLConfiguration {
        try ModelFolder("\(goldens)/tiny-0").autoencoderConfiguration()
    }

    /// What is wrong with the VAE is told of the folder that was named.
    @Test func namesWhatIsWrongWithTheVAE() throws {
        try withTemporaryFolder { folder in
            let files = FileManager.default
            let model = try copyModel("tiny-0", into: folder)
            let vae = "\(model)/vae"
            func text(_ source: String) -> String {
                let error = #expect(throws: (any Error).self) {
                    try ModelFolder.create(
                        at: "\(folder)/out", autoencoder: source, side: 64, shape: .init(), seed: 0)
                }
                return error.map { "\($0)" } ?? ""
            }
            #expect(text("\(folder)/none").contains("there is no folder \(folder)/none"))
            #expect(text(model).contains("the VAE of this model is \(vae); name that"))
            #expect(text("\(model)/transformer").contains("_class_name is SD3Transformer2DModel"))
            try "version https://git-lfs.github.com/spec/v1\nsize 9\n".write(
                toFile: "\(vae)/diffusion_pytorch_model.safetensors", atomically: true, encoding: .utf8)
            let pointer = text(vae)
            #expect(pointer.contains("\(vae)/diffusion_pytorch_model.safetensors") && pointer.contains("Git LFS"))
            try files.removeItem(atPath: "\(vae)/diffusion_pytorch_model.safetensors")
            #expect(text(vae).contains("\(vae) has no diffusion_pytorch_model.safetensors"))
            try files.copyItem(
                atPath: "\(goldens)/tiny-0/vae/diffusion_pytorch_model.safetensors",
                toPath: "\(vae)/diffusion_pytorch_model.fp16.safetensors")
            var shape = ModelFolder.TransformerShape()
            (shape.layers, shape.heads, shape.headDim) = (1, 2, 8)
            try ModelFolder.create(at: "\(folder)/out", autoencoder: vae, side: 64, shape: shape, seed: 0)
            #expect(try files.contentsOfDirectory(atPath: folder).sorted() == ["out", "tiny-0"])
        }
    }

    @Test func aFreshModelIsWholeAndTheSeedsOwn() throws {
        try withTemporaryFolder { folder in
            let vae = "\(goldens)/tiny-0/vae"
            var shape = ModelFolder.TransformerShape()
            (shape.layers, shape.heads, shape.headDim, shape.patchSize) = (3, 2, 8, 1)
            for (name, seed) in [("a", UInt32(1)), ("b", 1), ("c", 2)] {
                try ModelFolder.create(at: "\(folder)/\(name)", autoencoder: vae, side: 64, shape: shape, seed: seed)
            }
            let weights = "transformer/diffusion_pytorch_model.safetensors"
            #expect(
                FileManager.default.contentsEqual(atPath: "\(folder)/a/\(weights)", andPath: "\(folder)/b/\(weights)"))
            #expect(
                !FileManager.default.contentsEqual(atPath: "\(folder)/a/\(weights)", andPath: "\(folder)/c/\(weights)"))
            let model = try ModelFolder("\(folder)/a")
            try model.check()
            let transformer = try model.loadTransformer(dtype: .float32, device: .cpu)
            let latent = try Tensor.randn([1, 16, 8, 8], seed: 3)
            // The output layer begins at zero.
            let output = try transformer(latent, timestep: segmentationTimestep, prompt: model.loadEmptyPrompt())
            #expect(output.shape == [1, 16, 8, 8])
            #expect(try output.abs().max().item() == 0)
            #expect {
                try ModelFolder.create(at: "\(folder)/a", autoencoder: vae, side: 64, shape: shape, seed: 1)
            } throws: {
                "\($0)".hasPrefix("\(folder)/a cannot be written: something is there already")
            }
            shape.heads = 0
            #expect(throws: ModelError.self) {
                try ModelFolder.create(at: "\(folder)/d", autoencoder: vae, side: 64, shape: shape, seed: 1)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "b", "c"])
        }
    }

    @Test func freshWeightsHaveTheirVariance() throws {
        let tensors = try AutoencoderKL.freshWeights(autoencoderConfiguration(), seed: 5)
        let convolution = try #require(tensors["decoder.mid_block.resnets.0.conv1.weight"])
        let variance = try (convolution * convolution).mean().item()
        let expected = 1 / Double(3 * convolution.shape.dropFirst().reduce(1, *))
        #expect(abs(variance / expected - 1) < 0.1)
        #expect(try #require(tensors["decoder.mid_block.resnets.0.conv1.bias"]).abs().max().item() == 0)
        #expect(try #require(tensors["decoder.conv_norm_out.weight"]).mean().item() == 1)
    }

    @Test func theAutoencoderLearns() throws {
        let configuration = try autoencoderConfiguration()
        let trained = try TrainableAutoencoder(
            configuration, AutoencoderKL.freshWeights(configuration, seed: 5), device: .cpu)
        let optimizer = try AdamW(trained.trained, .init(eps: 1e-8))
        // A bright square on a dark ground, and the square's mask.
        func square(_ ground: Float, _ square: Float) throws -> Tensor {
            var pixels = [Float](repeating: ground, count: 3 * 32 * 32)
            for channel in 0..<3 {
                for y in 8..<24 { for x in 8..<24 { pixels[channel * 1024 + y * 32 + x] = square } }
            }
            return try Tensor(pixels, shape: [1, 3, 32, 32])
        }
        let (picture, mask) = (try square(-0.5, 0.8), try square(-1, 1))
        let image = try cat([picture, mask], axis: 0)
        var (losses, masks) = ([Double](), [Double]())
        for step in 0..<60 {
            let loss = try trained.accumulateGradients(
                pictures: picture, masks: mask, reconstructed: 1, weights: .init(divergence: 1e-4, mask: 1),
                seed: UInt32(step))
            #expect(loss.divergence >= 0)
            losses.append(loss.reconstruction)
            masks.append(loss.mask)
            try optimizer.step(learningRate: 3e-3, factor: GradientClip(trained.trained, limit: 1).factor)
        }
        // Of the mask a quarter is 1, which is what a guess of 0 misses.
        #expect(abs(masks[0] - 0.25) < 1e-6 && masks[59] < 0.5 * masks[0], "\(masks)")
        #expect(losses.suffix(5).reduce(0, +) / 5 < 0.4 * losses[0], "\(losses)")
        let plain = try AutoencoderKL(
            configuration,
            Weights(Dictionary(uniqueKeysWithValues: trained.state()), dtype: .float32))
        let wanted = try withoutGradients { try plain.decode(plain.encode(image).mode()) }
        try expectClose(try trained.reconstruct(image), wanted, within: Tolerance.rounding)
    }

    /// Which convolutions are taken depends on the VAE, not on how the caller's tensor happens to lie: of wide ones the numbers are Winograd's.
    @Test func theOrderInMemoryDoesNotChooseTheConvolutions() throws {
        let configuration = try JSONDecoder().decode(
            AutoencoderKLConfiguration.self,
            from: Data(
                #"{"_class_name": "AutoencoderKL", "block_out_channels": [128], "layers_per_block": 1, "latent_channels": 4, "down_block_types": ["DownEncoderBlock2D"], "up_block_types": ["UpDecoderBlock2D"], "use_quant_conv": false, "use_post_quant_conv": false}"#
                    .utf8))
        let vae = try AutoencoderKL(
            configuration,
            Weights(AutoencoderKL.freshWeights(configuration, seed: 3), dtype: .float32))
        let images = try Tensor((0..<3 * 64 * 64).map { sin(Float($0)) }, shape: [1, 3, 64, 64])
        try withoutGradients {
            for inPlanes in [false, true] {
                let wanted = try vae.distributionParameters(images, inPlanes: inPlanes).array(of: Float.self)
                let found = try vae.distributionParameters(images.channelsLast(), inPlanes: inPlanes)
                #expect(try found.array(of: Float.self) == wanted)
            }
            let latents = try vae.encode(images).mean
            #expect(
                try vae.decode(latents.channelsLast()).array(of: Float.self)
                    == vae.decode(latents).array(of: Float.self))
        }
    }
}
