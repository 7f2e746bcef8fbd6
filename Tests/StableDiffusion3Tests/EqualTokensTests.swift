import TestSupport
import Testing
import Torch
import TorchNN

@testable import StableDiffusion3

/// Equal tokens at the prompt's end count as one with a bias, and nothing else changes.
@Suite struct EqualTokensTests {
    @Test(
        arguments: ["tiny-0", "tiny-1", "tiny-2"], [(random: 3, zero: 5), (random: 0, zero: 4), (random: 4, zero: 0)])
    func mergedTokensGiveTheSame(name: String, count: (random: Int, zero: Int)) throws {
        let model = try ModelFolder("\(goldens)/\(name)")
        let configuration = try model.transformerConfiguration()
        let width = configuration.jointAttentionDim
        let tokens = try cat(
            [Tensor.randn([1, count.random, width], seed: 3), Tensor.zeros([1, count.zero, width])], axis: 1)
        let prompt = PromptEmbeddings(
            tokens: tokens, pooled: try Tensor.randn([1, configuration.pooledProjectionDim], seed: 4))
        let folded = try FoldedTransformer.fold(
            configuration, Weights(model.transformerTensors().tensors, dtype: .float32),
            timestep: segmentationTimestep, prompt: prompt)
        let weights = Weights(folded, dtype: .float32)
        let (every, merged) = (
            try FoldedTransformer(configuration, weights),
            try FoldedTransformer(configuration, weights, mergesEqualTokens: true)
        )
        #expect(every.embeddings.context.size(1) == count.random + count.zero && every.embeddings.lastTokenCount == 1)
        #expect(merged.embeddings.lastTokenCount == max(1, count.zero))
        #expect(merged.embeddings.context.size(1) == count.random + min(1, count.zero))
        let latent = try Tensor.randn([2, 16, 8, 6], seed: 5)
        try withoutGradients {
            try expectClose(merged(latent), every(latent), within: 2e-6, "prediction")
            // Without the bias, the tokens that were left out are missed.
            guard count.zero > 0 else { return }
            let unequal = try FoldedTransformer(
                configuration,
                Weights(folded.merging(["context": merged.embeddings.context]) { $1 }, dtype: .float32))(latent)
            #expect(try (unequal - every(latent)).abs().max().item() > 1e-4)
        }
    }
}
