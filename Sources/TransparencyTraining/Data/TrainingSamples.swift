import TransparencySegmentation

/// Which samples training sees, and how they are read.
struct TrainingSamples: Sendable {
    /// Of the order and of the augmentation.
    let seed: UInt64
    /// Whether each epoch has an order of its own, rather than that of names.
    let isShuffled: Bool
    let isAugmented: Bool
    /// Of the square that pictures are brought to, pixels.
    let side: Int
    /// Pictures of a pass.
    let batchSize: Int
    let target: MaskTarget
    /// Whether masks are needed as the VAE's latents, and as pixels.
    var needsLatents = true
    var needsClasses = false
}
