import Images
import StableDiffusion3
import Torch
import TorchNN

/// The one pass from pictures to what they show, with all weights: picture, VAE encoder, transformer, mask; with a latent head the VAE's decoder,
/// or a small one in its place, before the mask.
@ComputeActor
final class SegmentationPass {
    let device: Device
    let dtype: DType
    let usage: SegmentationConfiguration
    /// What comes after the transformer's last norm.
    let head: HeadForm
    let channels: MaskChannels
    /// Whether blocks of the transformer are read anew in each pass, for a memory limit.
    let isStreamed: Bool

    let form: TransformerForm
    let precision: Precision
    let autoencoderDType: DType
    private let model: ModelFolder
    private let memory: SegmentationMemory?
    private let autoencoder: AutoencoderKL
    /// What decodes instead of the VAE.
    private let tinyDecoder: AutoencoderTiny?
    private let transformer: (Tensor) throws -> Tensor

    /// - Parameters:
    ///   - model: Where the parts are from.
    ///   - autoencoder: With its decoder, unless `head` is a readout or there is a small one.
    ///   - tinyDecoder: What decodes instead of the VAE, in the VAE's dtype.
    ///   - transformer: A latent `[N, 16, h, w]` to the same shape, or to what `head` gives, both in `dtype`.
    init(
        model: ModelFolder, usage: SegmentationConfiguration, head: HeadForm, autoencoder: AutoencoderKL,
        tinyDecoder: AutoencoderTiny? = nil, device: Device, dtype: DType, form: TransformerForm = .folded,
        precision: Precision = .exact,
        memory: SegmentationMemory? = nil, isStreamed: Bool = false,
        transformer: @escaping (Tensor) throws -> Tensor
    ) {
        (self.model, self.usage, self.autoencoder, self.transformer) = (model, usage, autoencoder, transformer)
        (self.device, self.dtype, autoencoderDType, self.form) = (device, dtype, autoencoder.dtype, form)
        (self.precision, self.memory, self.isStreamed) = (precision, memory, isStreamed)
        (self.head, channels) = (head, MaskChannels(head, usage.target))
        self.tinyDecoder = tinyDecoder
    }

    /// The pass on pictures that are all brought to one size.
    func predict(_ pictures: [Image], height: Int, width: Int) throws -> Prediction {
        let prediction = try inference { try computed(pictures, height: height, width: width) }
        try model.requireUnchangedFiles()
        return prediction
    }

    /// The masks that a prediction holds, at the resolutions that are asked for.
    func masks(
        _ prediction: Prediction, of pictures: [Image], at resolutions: Set<MaskResolution>
    ) throws -> [MaskPrediction] {
        try inference {
            let start = ContinuousClock.now
            let inputMasks = try resolutions.contains(.input) ? inputMasks(prediction) : nil
            let pictureMasks = try resolutions.contains(.picture) ? pictureMasks(prediction, of: pictures) : nil
            var timings = prediction.timings
            timings.decode += (ContinuousClock.now - start).seconds
            let share = timings.divided(by: pictures.count)
            return pictures.indices.map {
                MaskPrediction(atInput: inputMasks?[$0], atPicture: pictureMasks?[$0], timings: share)
            }
        }
    }

    /// What the VAE alone makes of masks: each is encoded, and decoded at once.
    ///
    /// - Parameter masks: `[N, 3, H, W]` of 0 and 1.
    /// - Returns: `[N, 3, H, W]` in 0…1.
    func reconstruct(_ masks: Tensor) throws -> Tensor {
        let decoded = try inference {
            let latent = try autoencoder.encode((masks.to(device: device) * 2 - 1).to(autoencoder.dtype)).mode()
            let decoded = try tinyDecoder?.decode(autoencoder.scaled(latent)) ?? autoencoder.decode(latent)
            return try (decoded / 2 + 0.5).clamp(0...1)
        }
        try model.requireUnchangedFiles()
        return decoded
    }

    /// Each picture's planes `[N, C, H, W]` on the host.
    func planes(of masks: Tensor) throws -> [[Float]] {
        let masks = try masks.to(.float32)
        try checkFinite(masks)
        return try (0..<masks.shape[0]).map { try masks.narrow(0, start: $0, length: 1).array(of: Float.self) }
    }

    private func inference<R>(_ body: () throws -> R) rethrows -> R {
        try withoutGradients {
            try withFloat32(arithmetic) { form == .folded ? try withFastKernels(body) : try body() }
        }
    }

    /// The plain form is for comparison with diffusers, which leaves torch's default.
    private var arithmetic: Float32Arithmetic {
        form == .plain ? .torchDefault : precision == .fast ? .tf32 : .ieee
    }

    private func computed(_ pictures: [Image], height: Int, width: Int) throws -> Prediction {
        let pixels = pictures.reduce(0) { $0 + $1.width * $1.height }
        if let memory {
            try memory.check(
                count: pictures.count, height: height, width: width, pictures: pixels, isStreamed: isStreamed)
        } else if device.kind == .cpu {
            let channels = autoencoder.encoder.convIn.weight.size(0)
            try SegmentationMemory.check(count: pictures.count, height: height, width: width, channels: channels)
        }
        // Blocks as large as those of large pictures fit no later need, and would be kept for nothing.
        if device.kind == .cpu { TorchRuntime.keepFreedMemory(memory == nil && pixels <= Self.keptPixels) }
        let clock = ContinuousClock()
        let start = clock.now
        let image = try cat(
            pictures.map { try $0.checkedTensor(height: height, width: width, device: device) }, axis: 0)
        let encoding = try autoencoder.encode((image * 2 - 1).to(autoencoder.dtype))
        let latent = try autoencoder.scaled(encoding.mode()).to(dtype)
        try device.synchronize()
        let encoded = clock.now
        let transformed = try transformer(latent)
        try device.synchronize()
        let predicted = clock.now
        let output = try output(of: transformed, picture: latent)
        try device.synchronize()
        let timings = Timings(
            encode: (encoded - start).seconds, transformer: (predicted - encoded).seconds,
            decode: (clock.now - predicted).seconds)
        return Prediction(
            image: image, imageLatent: latent, output: output, channels: channels, timings: timings)
    }

    private func output(of transformed: Tensor, picture: Tensor) throws -> Prediction.Output {
        if case .readout = head { return .logits(try transformed.to(.float32)) }
        let latent = try usage.predictionType.mask(output: transformed, picture: picture)
        let own = try latent.to(autoencoder.dtype)
        return .picture(
            latent: latent, decoded: try tinyDecoder?.decode(own) ?? autoencoder.decode(autoencoder.unscaled(own)))
    }

    /// As the model gave them: the planes of a binary mask; of one with classes how surely something is transparent, and its kind.
    private func inputMasks(_ prediction: Prediction) throws -> [SoftMask] {
        let colors = try planes(of: prediction.mask())
        let soft = try channels.hasClasses ? planes(of: prediction.softMask()) : colors
        let (height, width) = (prediction.image.shape[2], prediction.image.shape[3])
        return zip(colors, soft).map { colors, soft in
            SoftMask(width: width, height: height, planes: soft, kinds: channels.kinds(of: colors))
        }
    }

    /// Each resized to its picture: a binary mask as one channel, one with classes as three.
    private func pictureMasks(_ prediction: Prediction, of pictures: [Image]) throws -> [SoftMask] {
        let mask = try channels.hasClasses ? prediction.mask().to(.float32) : prediction.softMask()
        try checkFinite(mask)
        return try pictures.enumerated().map { index, picture in
            let resized = try mask.narrow(0, start: index, length: 1)
                .upsampleBilinear(height: picture.height, width: picture.width, antialias: true)
            return try softMask(of: resized)
        }
    }

    /// Of `[1, C, H, W]` at the picture's size; in strips, for what is made on the way would take several times as much as the result.
    private func softMask(of resized: Tensor) throws -> SoftMask {
        let (height, width) = (resized.shape[2], resized.shape[3])
        let rows = max(1, Self.stripPixels / width)
        var kinds: [UInt8]? = channels.hasClasses ? [] : nil
        kinds?.reserveCapacity(height * width)
        let planes = try [Float](unsafeUninitializedCapacity: height * width) { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            for top in stride(from: 0, to: height, by: rows) {
                let count = min(rows, height - top)
                let strip = try resized.narrow(2, start: top, length: count).clamp(0...1)
                if let found = try channels.kinds(of: kinds == nil ? [] : strip.array(of: Float.self)) {
                    kinds?.append(contentsOf: found)
                }
                let soft = try channels.hasClasses ? channels.softMask(of: strip) : strip
                let size = width * MemoryLayout<Float>.size
                try soft.copyBytes(
                    to: UnsafeMutableRawBufferPointer(rebasing: bytes[top * size..<(top + count) * size]))
            }
            initialized = height * width
        }
        return SoftMask(width: width, height: height, planes: planes, kinds: kinds)
    }

    private static let keptPixels = 1 << 25

    /// Pixels that are worked on at once where all at once would take too much memory.
    private static let stripPixels = 1 << 22

    /// A sum is finite only if everything in it is.
    private func checkFinite(_ values: Tensor) throws {
        guard try values.sum().item().isFinite else { throw SegmentationError.notFinite(dtype: "\(dtype)") }
    }
}

extension Image {
    /// `[1, 3, height, width]` in 0…1, float32.
    fileprivate func checkedTensor(height: Int, width: Int, device: Device) throws -> Tensor {
        guard channels == 3 else {
            throw SegmentationError.size("the picture has \(channels) channels; RGB was expected")
        }
        return try tensor(height: height, width: width, on: device)
    }
}
