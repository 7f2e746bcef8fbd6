package import Torch
package import TorchNN

/// ``FoldedTransformer`` whose blocks are read and folded when a pass reaches them and let go behind it: one block's weights in memory instead
/// of all, for the time of folding them in each pass.
package struct StreamedTransformer {
    private let outer: FoldedTransformer
    private let blocks: StreamedBlocks

    /// The transformer of a model folder, in either form.
    ///
    /// - Parameters:
    ///   - precision: What the blocks' linear layers compute in.
    ///   - timestep: What a plain model is folded for.
    /// - Throws: `ModelError`, `WeightsError` or `SafetensorsError`.
    package init(
        _ folder: ModelFolder, dtype: DType, device: Device, precision: Precision = .exact,
        timestep: Double = segmentationTimestep
    ) throws {
        let configuration = try folder.transformerConfiguration()
        let weights = Weights(try folder.transformerWeights(), dtype: dtype, device: device)
        let outerWeights: Weights
        let blockWeights: (Int) throws -> Weights
        let releasePages: (Int) -> Void
        switch try folder.transformerForm() {
        case .folded:
            outerWeights = weights
            blockWeights = { _ in weights }
            releasePages = { weights["transformer_blocks"][$0].releasePages() }
        case .plain:
            let folding = try Folding(
                configuration, weights, timestep: timestep, prompt: folder.loadEmptyPrompt())
            outerWeights = Weights(folding.outer, dtype: dtype, device: device)
            blockWeights = { Weights(try folding.block($0), dtype: dtype, device: device) }
            releasePages = folding.releasePages
        }
        outer = try FoldedTransformer(
            outer: outerWeights, configuration, mergesEqualTokens: device.kind == .cpu, blocks: [])
        blocks = StreamedBlocks(
            count: configuration.numLayers,
            make: { index in
                try FoldedJointBlock(
                    blockWeights(index)["transformer_blocks"][index].precision(precision), configuration,
                    index: index)
            }, releasePages: releasePages)
    }

    /// All blocks at once: for another precision without ever having the whole model in the first.
    func loaded() throws -> FoldedTransformer {
        let loaded = try (0..<blocks.count).map { index in
            defer { blocks.release(index) }
            return try blocks.make(index)
        }
        return FoldedTransformer(outer, blocks: loaded)
    }

    /// One pass: latent `[N, 16, h, w]` to `[N, 16, h, w]`. Throws what loading and ``FoldedTransformer`` throw.
    ///
    /// - Parameter head: What comes after the last norm.
    package func callAsFunction(_ latent: Tensor, head: OutputHead = .projection) throws -> Tensor {
        try outer.walk(blocks, head: head)(latent)
    }
}
