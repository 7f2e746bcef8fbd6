package import Torch
package import TorchNN

/// ``SD3Transformer2DModel`` for one timestep and one prompt, with everything that follows from them alone worked out.
///
/// Scale and shift of each modulation are the weight and bias of its layer norm, gates are part of the output
/// projections, queries, keys and values are one product, and the prompt's tokens are a tensor. The result is the
/// plain form's up to rounding, with 1,461 instead of 2,243 million weights for Stable Diffusion 3.5 medium.
package struct FoldedTransformer {
    package let configuration: SD3TransformerConfiguration
    let embeddings: FoldedEmbeddings
    package let transformerBlocks: [FoldedJointBlock]
    let output: FoldedOutput
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
        embeddings = try FoldedEmbeddings(weights, configuration, mergesEqualTokens: mergesEqualTokens)
        transformerBlocks = blocks
        output = try FoldedOutput(weights, configuration)
    }

    /// The same with other blocks.
    init(_ outer: FoldedTransformer, blocks: [FoldedJointBlock]) {
        (configuration, embeddings, output) = (outer.configuration, outer.embeddings, outer.output)
        transformerBlocks = blocks
    }

    /// One pass: latent `[N, 16, h, w]` to `[N, 16, h, w]`, in the weights' dtype on their device.
    ///
    /// Throws ``ModelError/size(_:)`` when h or w exceeds the positional embedding.
    ///
    /// - Parameter head: What comes after the last norm; with a readout the result is logits `[N, K, H, W]`.
    package func callAsFunction(_ latent: Tensor, head: OutputHead = .projection) throws -> Tensor {
        try walk(ResidentBlocks(blocks: transformerBlocks, releasePages: releasePages), head: head)(latent)
    }

    /// The way through blocks, here or elsewhere.
    func walk(_ blocks: any BlockProvider, head: OutputHead) -> TransformerWalk {
        TransformerWalk(
            embed: { try embeddings($0) }, blocks: blocks,
            output: { tokens, latent in try output(tokens.x, like: latent, head: head) })
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
