import Limits
import StableDiffusion3
import Torch

/// What passes take while they are at work: activations, frozen models, pictures.
struct TrainingWorkBytes {
    let device: [(String, Int)]
    let host: [(String, Int)]

    init(_ settings: TrainingSettings, _ shape: TrainingShape, isOnHost: Bool) {
        let size = settings.model.dataType == .fp32 ? 4 : 2
        let vaeSize = settings.model.dataType == .bf16 ? 2 : 4
        // On the CPU convolutions in half precision take as much as those in float32.
        let workSize = isOnHost ? 4 : vaeSize
        let batch = settings.training.trainBatchSize
        let pixels = settings.dataset.resolution * settings.dataset.resolution
        let rows = shape.blockRows(isOnHost: isOnHost)
        // Of a head alone nothing in the blocks is recorded, and one is at work at a time.
        let recorded =
            settings.model.trainable == .head
            ? rows.max() ?? 0
            : settings.compute.gradientCheckpointing ? rows.count + (rows.max() ?? 0) : rows.reduce(0, +)
        let isFrozen = !settings.model.trainedForm.trainsTransformer
        // The table is kept in float32 for checkpoints, and in half precision to compute with.
        let table = shape.counts.positionTable * (size == 4 ? 4 : 4 + size)
        device = [
            ("frozen transformer", isFrozen ? size * shape.counts.transformer : 0),
            ("position table and VAE", table + vaeSize * shape.counts.autoencoder),
            ("VAE at work", MachineMemory.product(Self.encoderPlanes, batch, pixels, shape.channels, workSize)),
            (
                "VAE's decoder and its gradients",
                settings.usesDecoder && settings.needsMaskPixels
                    ? MachineMemory.product(Self.decoderPlanes, batch, pixels, shape.channels, workSize) : 0
            ),
            ("transformer at work", MachineMemory.product(recorded, batch, shape.tokens, shape.width, size)),
        ]
        let read = MachineMemory.product(TrainingLoader.depth, batch, 6, pixels)
        // A photograph of twelve megapixels and its mask, as they are decoded, a worker.
        host = [("pictures that are read ahead", read + settings.workerCount * 12_000_000 * 4)]
    }

    /// Those that the decoder's last resolution keeps for its gradients, counted from its layers: three blocks of two norms, two convolutions and a
    /// sum, the first of them twice as wide.
    private static let decoderPlanes = 24

    /// Tensors `[N, C, H, W]` of the first resolution that the encoder holds at once.
    private static let encoderPlanes = 7
}
