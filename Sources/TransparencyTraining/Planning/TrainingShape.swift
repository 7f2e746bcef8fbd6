import StableDiffusion3
import Torch
import TransparencySegmentation

/// What of a model and of settings a plan needs, read from the weights' headers once for all settings that are compared.
///
/// Φ in `Docs/distributed.md` is ``trained``.
struct TrainingShape: Sendable {
    /// Numbers that are trained.
    let trained: Int
    /// Those of the largest part: the embedding, a block or the output.
    let largestPart: Int
    let counts: (transformer: Int, positionTable: Int, autoencoder: Int)
    /// Whether a block has a second attention, and whether the plain form is what runs.
    let isDual: [Bool]
    let isPlain: Bool
    /// Tokens of a picture and the prompt, and their width.
    let tokens: Int
    let width: Int
    /// Of the VAE's first resolution.
    let channels: Int
    /// Of one picture.
    let flops: ModelFLOPs

    /// - Throws: What finding a model and reading its headers throws.
    init(_ settings: TrainingSettings, model: ModelFolder) throws {
        let configuration = try model.transformerConfiguration()
        let vae = try model.autoencoderConfiguration()
        let head = try settings.model.headForm(of: model)
        let parts = try model.trainedCountsOfParts(of: settings.model.trainedForm, head: head)
        (trained, largestPart) = (parts.reduce(0, +), parts.max() ?? 0)
        counts = try model.parameterCounts(decodes: settings.usesDecoder)
        isPlain = settings.model.trainedForm.transformerForm == .plain
        isDual = (0..<configuration.numLayers).map { configuration.dualAttentionLayers.contains($0) }
        let pixels = settings.dataset.resolution
        let side = pixels / vae.downsampling / configuration.patchSize
        tokens = side * side + (try model.promptTokenCount())
        (width, channels) = (configuration.innerDim, vae.blockOutChannels[0])
        flops = try ModelFLOPs(
            configuration, vae, height: pixels, width: pixels, promptTokens: model.promptTokenCount())
    }

    /// Of an update on all processes.
    func updateFLOPs(_ settings: TrainingSettings) -> Double {
        // Backward takes twice what forward does, but for adapters, whose frozen weights have no gradients; recomputation runs forward again.
        let recomputes = settings.compute.gradientCheckpointing
        let passes =
            switch settings.model.trainable {
            case .all, .folded: recomputes ? 4.0 : 3
            case .lora: recomputes ? 3.0 : 2
            case .head: 1.0
            }
        let pictures = settings.needsMaskLatents ? 2.0 : 1
        let encoding = settings.dataset.latentCache == nil ? pictures * flops.encode : 0
        // The frozen decoder forward, again, and back to its input.
        let decoding = settings.usesDecoder && settings.needsMaskPixels ? 3 * flops.decode : 0
        return Double(settings.training.effectiveBatchSize) * (encoding + passes * flops.transformer + decoding)
    }

    /// Tensors `[N, T + S, D]` that each block keeps for its gradients: on the CPU as they were measured, where heads, norms and attention are
    /// kernels of our own, on accelerators as they are counted from the operations that torch runs there.
    func blockRows(isOnHost: Bool) -> [Int] {
        let (block, second) = isOnHost ? (isPlain ? 16 : 14, 8) : (isPlain ? 27 : 21, 10)
        return isDual.map { block + ($0 ? second : 0) }
    }
}

extension ModelFolder {
    /// How many numbers a form trains of each part: what comes before the blocks, each block, what comes after. Throws what reading the weights'
    /// headers throws.
    func trainedCountsOfParts(of form: TrainedForm, head: HeadForm) throws -> [Int] {
        if form == .head { return [head.parameterCount] }
        let projection = form.trainsTransformer && head.replacesProjection ? try projectionCount() : 0
        let change = head.parameterCount - projection
        var shapes = try transformerShapes()
        if form == .folded, try transformerForm() == .plain {
            var counts = try FoldedTransformer.parameterCountsOfParts(
                transformerConfiguration(), promptTokens: promptTokenCount())
            counts[counts.count - 1] += change
            return counts
        }
        shapes["pos_embed.pos_embed"] = nil
        let counts = shapes.map { key, shape in (key: key, count: Self.trainedCount(of: shape, key: key, form: form)) }
        let parts = Dictionary(grouping: counts, by: { Self.part(of: $0.key) })
        return parts.map { part, members in members.map(\.count).reduce(0, +) + (part == "output" ? change : 0) }
    }

    /// Numbers of the transformer's own output projection, which a readout leaves as it is.
    private func projectionCount() throws -> Int {
        let configuration = try transformerConfiguration()
        let values = configuration.patchSize * configuration.patchSize * configuration.outChannels
        return (configuration.innerDim + 1) * values
    }

    private static func trainedCount(of shape: [Int], key: String, form: TrainedForm) -> Int {
        guard case .lora(let rank, let targets) = form else { return shape.reduce(1, *) }
        let isTarget =
            shape.count == 2 && key.hasPrefix("transformer_blocks.")
            && targets.contains { key.hasSuffix(".\($0).weight") }
        return isTarget ? rank * (shape[0] + shape[1]) : 0
    }

    /// What is trained with one buffer: `transformer_blocks.3`, the output layers, or the rest.
    private static func part(of key: String) -> String {
        if key.hasPrefix("transformer_blocks.") { return key.split(separator: ".").prefix(2).joined(separator: ".") }
        return key.hasPrefix("norm_out.") || key.hasPrefix("proj_out.") ? "output" : "embedding"
    }
}
