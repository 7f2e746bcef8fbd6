import Limits
import StableDiffusion3
import Torch
import TransparencySegmentation

/// What an update takes in memory, worked out from the model's shape alone.
///
/// The lasting part is exact. That of the work is so many tensors of the VAE's first resolution, and so many of the transformer's tokens for a
/// block that is recorded; how many was found by measuring small models, and `Docs/training.md` holds it against measured peaks.
public struct TrainingMemory: Sendable {
    /// Bytes on the device by part.
    public let parts: [(name: String, bytes: Int)]
    /// Bytes of pictures that are read ahead, on the host.
    public let hostBytes: Int
    /// Numbers that are trained.
    public let trainedCount: Int
    /// Whether the device's memory is the host's.
    private let isOnHost: Bool

    /// On the CPU what the program and libtorch take themselves.
    public static let programBytes = 180 << 20

    public var total: Int { parts.map(\.bytes).reduce(0, +) }

    /// - Throws: What finding a model and reading its headers throws.
    init(_ settings: TrainingSettings, model: ModelFolder) throws {
        // A plan may be for another machine: a device that is named need not be here.
        let device = try settings.compute.device ?? .usable(nil)
        isOnHost = device.kind == .cpu
        let configuration = try model.transformerConfiguration()
        let counts = try model.parameterCounts()
        let isHalf = settings.model.dataType != .fp32
        let size = isHalf ? 2 : 4
        let parts = try model.trainedCountsOfParts(of: settings.model.trainedForm)
        let (trained, largest) = (parts.reduce(0, +), parts.max() ?? 0)
        let isAdapter = settings.model.trainable == .lora
        trainedCount = trained

        let vae = try model.autoencoderConfiguration()
        let vaeSize = settings.model.dataType == .bf16 ? 2 : 4
        // On the CPU convolutions in half precision take as much as those in float32.
        let workSize = device.kind == .cpu ? 4 : vaeSize
        let (batch, pixels) = (
            settings.training.trainBatchSize, settings.dataset.resolution * settings.dataset.resolution
        )
        let side = settings.dataset.resolution / vae.downsampling / configuration.patchSize
        let tokens = side * side + (try model.promptTokenCount())
        let blocks = (0..<configuration.numLayers).map { index in
            let isDual = configuration.dualAttentionLayers.contains(index)
            return (isAdapter || settings.model.trainable == .folded ? Self.foldedBlock : Self.plainBlock)
                + (isDual ? Self.secondAttention : 0)
        }
        let recorded =
            settings.compute.gradientCheckpointing ? configuration.numLayers + (blocks.max() ?? 0) : blocks.reduce(0, +)
        self.parts = [
            ("trained weights, float32", 4 * trained), ("gradients, float32", 4 * trained),
            ("AdamW's moments, float32", 8 * trained),
            ("copy to compute with, half precision", isHalf ? 2 * trained : 0),
            (
                "its gradients, half precision",
                isHalf ? 2 * (settings.compute.gradientCheckpointing ? largest : trained) : 0
            ),
            ("average, float32", settings.training.emaDecay == nil ? 0 : 4 * trained),
            ("frozen transformer", isAdapter ? size * counts.transformer : 0),
            ("position table and VAE", 4 * counts.positionTable + vaeSize * counts.autoencoder),
            (
                "VAE at work",
                MachineMemory.product(Self.encoderPlanes, batch, pixels, vae.blockOutChannels[0], workSize)
            ),
            (
                "transformer at work",
                MachineMemory.product(recorded, batch, tokens, configuration.innerDim, size)
            ),
        ].filter { $0.1 > 0 }
        let read = MachineMemory.product(TrainingLoader.depth, batch, 6, pixels)
        // A photograph of twelve megapixels and its mask, as they are decoded, a worker.
        hostBytes = read + settings.workerCount * 12_000_000 * 4
    }

    /// Throws `MemoryError` where an update cannot be done on this machine.
    func check() throws {
        try MachineMemory.check(
            isOnHost ? total + hostBytes : hostBytes, for: "an update",
            remedy: "take a smaller resolution or train_batch_size; 'transeg train --dry-run' shows what takes how much"
        )
    }

    /// Tensors `[N, C, H, W]` of the first resolution that the encoder holds at once.
    private static let encoderPlanes = 7
    /// Tensors `[N, T + S, D]` that a recorded block keeps for its gradients.
    private static let plainBlock = 16
    /// The same without modulation.
    private static let foldedBlock = 14
    /// What a second attention adds.
    private static let secondAttention = 8
}

extension ModelFolder {
    /// How many numbers a form trains of each part: what comes before the blocks, each block, what comes after. Throws what reading the weights'
    /// headers throws.
    func trainedCountsOfParts(of form: TrainedForm) throws -> [Int] {
        var shapes = try transformerShapes()
        if form == .folded, try transformerForm() == .plain {
            return try FoldedTransformer.parameterCountsOfParts(
                transformerConfiguration(), promptTokens: promptTokenCount())
        }
        shapes["pos_embed.pos_embed"] = nil
        let counts = shapes.map { key, shape in (key: key, count: Self.trainedCount(of: shape, key: key, form: form)) }
        return Dictionary(grouping: counts, by: { Self.part(of: $0.key) }).values.map { $0.map(\.count).reduce(0, +) }
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
