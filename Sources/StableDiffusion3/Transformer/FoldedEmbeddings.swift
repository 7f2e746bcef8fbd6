import Foundation
import Torch
import TorchNN

/// What comes before the blocks of ``FoldedTransformer``.
struct FoldedEmbeddings {
    let posEmbed: PatchEmbed
    /// The prompt's tokens after the embedder, `[1, S, D]`.
    let context: Tensor
    /// How many equal tokens the last of ``context`` stands for.
    let lastTokenCount: Int

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration, mergesEqualTokens: Bool = false) throws {
        posEmbed = try PatchEmbed(weights["pos_embed"], configuration)
        let tokenCount = weights.shape(of: "context").flatMap { $0.count == 3 ? $0[1] : nil } ?? 1
        let context = try weights.tensor("context", shape: [1, tokenCount, configuration.innerDim])
        let repeated = mergesEqualTokens ? try Self.equalTokensAtEnd(of: context) : 1
        self.context = try context.narrow(1, start: 0, length: tokenCount - repeated + 1)
        lastTokenCount = repeated
    }

    /// The tokens of a latent and of the prompt.
    func callAsFunction(_ latent: Tensor) throws -> TransformerTokens {
        let x = try posEmbed(latent)
        // A copy, for the weights may be let go of, and their memory used again, before the tokens are.
        return TransformerTokens(
            x: x, context: try context.clone().expand([latent.size(0), -1, -1]),
            keyBias: try keyBias(pictureTokens: x.size(1), like: x))
    }

    /// A key that stands for n equal ones has n times their weight in the softmax, which is log n more in its score.
    private func keyBias(pictureTokens: Int, like x: Tensor) throws -> Tensor? {
        guard lastTokenCount > 1 else { return nil }
        var bias = [Float](repeating: 0, count: pictureTokens + context.size(1))
        bias[bias.count - 1] = log(Float(lastTokenCount))
        return try Tensor(bias, shape: [1, 1, 1, bias.count]).to(x.dtype, device: x.device)
    }

    /// How many tokens at the end are equal to the last one.
    private static func equalTokensAtEnd(of context: Tensor) throws -> Int {
        let (count, width) = (context.size(1), context.size(2))
        let values = try context.to(.float32, device: .cpu).contiguous().array(of: Float.self)
        let last = values[((count - 1) * width)...]
        return (0..<count).reversed().prefix { values[($0 * width)..<(($0 + 1) * width)].elementsEqual(last) }.count
    }
}

/// What comes after the blocks of ``FoldedTransformer``.
struct FoldedOutput {
    private let configuration: SD3TransformerConfiguration
    let normOut: LayerNorm
    let projOut: Linear

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration) throws {
        self.configuration = configuration
        normOut = try LayerNorm(weights["norm_out"], configuration.innerDim, eps: 1e-6)
        projOut = try OutputPatches.projection(weights["proj_out"], configuration)
    }

    /// Picture tokens `[N, T, D]` to a latent of the shape of `latent`, or what another head makes of them.
    func callAsFunction(_ x: Tensor, like latent: Tensor, head: OutputHead = .projection) throws -> Tensor {
        try head(normOut(x), projOut, like: latent, configuration)
    }
}
