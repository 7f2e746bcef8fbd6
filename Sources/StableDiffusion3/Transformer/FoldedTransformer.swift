import Foundation
package import Torch
package import TorchNN

/// ``SD3Transformer2DModel`` for one timestep and one prompt, with everything that follows from them alone worked out.
///
/// Scale and shift of each modulation are the weight and bias of its layer norm, gates are part of the output
/// projections, queries, keys and values are one product, and the prompt's tokens are a tensor. The result is the
/// plain form's up to rounding, with 1,461 instead of 2,243 million weights for Stable Diffusion 3.5 medium.
package struct FoldedTransformer {
    package let configuration: SD3TransformerConfiguration
    package let posEmbed: PatchEmbed
    /// The prompt's tokens after the embedder, `[1, S, D]`.
    package let context: Tensor
    /// How many equal tokens the last of ``context`` stands for.
    package let lastTokenCount: Int
    package let transformerBlocks: [FoldedJointBlock]
    package let normOut: LayerNorm
    package let projOut: Linear
    /// Lets go of the mapped memory that a block's weights take, until the next pass reads them again.
    var releasePages: (Int) -> Void = { _ in }

    /// Takes every weight of a folded state dict (``fold(_:_:timestep:prompt:)``). Throws ``WeightsError``.
    ///
    /// - Parameter mergesEqualTokens: Whether the equal tokens at the prompt's end, those in T5's place, become one that counts as
    ///   often in attention: they stay equal through all blocks, so that the result is the same.
    package init(
        _ configuration: SD3TransformerConfiguration, _ weights: Weights, mergesEqualTokens: Bool = false
    ) throws {
        try self.init(
            outer: weights, configuration, mergesEqualTokens: mergesEqualTokens,
            blocks: (0..<configuration.numLayers).map {
                try FoldedJointBlock(weights["transformer_blocks"][$0], configuration, index: $0)
            })
        try weights.finish()
    }

    /// With blocks that are made already; none for ``StreamedTransformer``.
    init(
        outer weights: Weights, _ configuration: SD3TransformerConfiguration, mergesEqualTokens: Bool,
        blocks: [FoldedJointBlock]
    ) throws {
        self.configuration = configuration
        posEmbed = try PatchEmbed(weights["pos_embed"], configuration)
        let tokenCount = weights.shape(of: "context").flatMap { $0.count == 3 ? $0[1] : nil } ?? 1
        let context = try weights.tensor("context", shape: [1, tokenCount, configuration.innerDim])
        let repeated = mergesEqualTokens ? try Self.equalTokensAtEnd(of: context) : 1
        self.context = try context.narrow(1, start: 0, length: tokenCount - repeated + 1)
        lastTokenCount = repeated
        transformerBlocks = blocks
        normOut = try LayerNorm(weights["norm_out"], configuration.innerDim, eps: 1e-6)
        projOut = try OutputPatches.projection(weights["proj_out"], configuration)
    }

    /// The same with other blocks.
    init(_ outer: FoldedTransformer, blocks: [FoldedJointBlock]) {
        (configuration, posEmbed, context) = (outer.configuration, outer.posEmbed, outer.context)
        (lastTokenCount, transformerBlocks) = (outer.lastTokenCount, blocks)
        (normOut, projOut) = (outer.normOut, outer.projOut)
    }

    /// One pass: latent `[N, 16, h, w]` to `[N, 16, h, w]`, in the weights' dtype on their device.
    ///
    /// Throws ``ModelError/size(_:)`` when h or w exceeds the positional embedding.
    package func callAsFunction(_ latent: Tensor) throws -> Tensor { try walk()(latent) }

    /// The way through the blocks that are here.
    func walk() -> TransformerWalk { walk(ResidentBlocks(blocks: transformerBlocks, releasePages: releasePages)) }

    /// The way through blocks from elsewhere.
    func walk(_ blocks: any BlockProvider) -> TransformerWalk {
        TransformerWalk(
            embed: { latent in
                let x = try posEmbed(latent)
                return TransformerTokens(
                    x: x, context: try context.expand([latent.size(0), -1, -1]),
                    keyBias: try keyBias(pictureTokens: x.size(1), like: x))
            },
            blocks: blocks,
            output: { tokens, latent in
                try OutputPatches.assemble(projOut(normOut(tokens.x)), like: latent, configuration)
            })
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

    /// How many numbers are trained of the folded form of a plain model.
    package static func parameterCount(_ configuration: SD3TransformerConfiguration, promptTokens: Int) -> Int {
        parameterCountsOfParts(configuration, promptTokens: promptTokens).reduce(0, +)
    }

    /// The same for each part that is trained on its own: what comes before the blocks, each block, what comes after.
    package static func parameterCountsOfParts(
        _ configuration: SD3TransformerConfiguration, promptTokens: Int
    ) -> [Int] {
        let (width, heads) = (configuration.innerDim, configuration.attentionHeadDim)
        func linear(_ input: Int, _ output: Int) -> Int { input * output + output }
        let norms = configuration.qkNorm == nil ? 0 : heads
        let feedForward = linear(width, 4 * width) + linear(4 * width, width)
        let attention = linear(width, 3 * width) + linear(width, width) + 2 * norms
        let patch = configuration.patchSize * configuration.patchSize
        let blocks = (0..<configuration.numLayers).map { index in
            // Two layer norms, attention, feed-forward layer, for each of the two kinds of tokens.
            let stream = 4 * width + attention + feedForward
            let second = configuration.dualAttentionLayers.contains(index) ? 2 * width + attention : 0
            let contextPreOnly = index == configuration.numLayers - 1
            return stream + second + (contextPreOnly ? 2 * width + linear(width, 2 * width) + norms : stream)
        }
        return [linear(configuration.inChannels * patch, width) + promptTokens * width] + blocks
            + [2 * width + linear(width, patch * configuration.outChannels)]
    }
}
