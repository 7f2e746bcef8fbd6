import Images
import TransparencyData
import TransparencySegmentation

/// A pair as training takes it: augmented, at the size of training, or what a cache has of it.
struct TrainingSample: Sendable {
    let picture: Source
    /// nil where no term of the loss looks at latents.
    let mask: Source?
    /// One channel: 0 background, 1 things, 2 stuff; nil where no term of the loss looks at pixels.
    let classes: Image?

    enum Source: Sendable {
        /// RGB, and the key under which its latent is to be kept.
        case picture(Image, key: String?)
        case parameters(KeptLatent)
    }

    /// Reads and augments a pair. Throws `DatasetError`, `ImageError`, `AugmentationError`, which name the file.
    init(
        _ pair: DatasetPair, of dataset: Dataset, _ parameters: AugmentationParameters, _ samples: TrainingSamples,
        cache: LatentCache?
    ) throws {
        let pairHash = try cache?.hash(of: pair)
        let pictureKey = pairHash.flatMap { cache?.key(.picture, pairHash: $0) }
        let maskKey = pairHash.flatMap { cache?.key(.mask(isFlipped: parameters.isFlipped), pairHash: $0) }
        let keptPicture = try pictureKey.flatMap { try cache?.kept($0) }
        let keptMask = try samples.needsLatents ? maskKey.flatMap { try cache?.kept($0) } : nil
        if let keptPicture, keptMask != nil || !samples.needsLatents, !samples.needsClasses {
            (picture, mask, classes) = (.parameters(keptPicture), keptMask.map { .parameters($0) }, nil)
            return
        }
        let side = samples.side
        let (image, mask) = try PixelGate.ofReaders.hold(dataset.pixelCount(of: pair)) {
            let sample = try dataset.read(pair)
            return try parameters.apply(to: sample.picture, mask: sample.mask, width: side, height: side)
        }
        picture = keptPicture.map { .parameters($0) } ?? .picture(image, key: pictureKey)
        self.mask =
            try samples.needsLatents
            ? keptMask.map { .parameters($0) } ?? .picture(samples.target.picture(of: mask), key: maskKey) : nil
        classes = samples.needsClasses ? mask : nil
    }
}

extension MaskTarget {
    /// What the model is to predict.
    ///
    /// - Parameter classes: One channel: 0 background, 1 things, 2 stuff.
    /// - Returns: RGB.
    func picture(of classes: Image) throws -> Image {
        let pixels = classes.pixels.flatMap { value -> [UInt8] in
            let other: UInt8 = self == .color && value == 1 ? 0 : 255
            return value == 0 ? [0, 0, 0] : [255, other, other]
        }
        return try Image(width: classes.width, height: classes.height, channels: 3, pixels: pixels)
    }
}
