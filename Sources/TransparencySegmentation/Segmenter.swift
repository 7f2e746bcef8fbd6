import EmbeddedModel
import Foundation
import Images
public import StableDiffusion3
import Torch
import TorchNN

/// Finds transparent things in photographs.
///
///     let segmenter = try Segmenter(model: "stabilityai/stable-diffusion-3.5-medium")
///     let segmentation = try segmenter.segment(contentsOf: "bottle.jpg")
///     try segmentation.maskImage().write(to: "mask.png")
///
/// Results are deterministic: the VAE's mode is taken, not a sample. A segmenter belongs to the thread that uses it.
public final class Segmenter {
    /// How the model's arithmetic is done.
    public enum Form: Sendable {
        /// The transformer's constant conditioning is worked out once on loading, and convolutions take the quicker of
        /// two algorithms: faster, smaller, the same up to rounding.
        case folded
        /// Every operation as diffusers does it: the reference.
        case plain
    }

    package let model: ModelFolder
    public let device: Device
    public let dtype: DType
    /// Whether blocks of the transformer are read anew in each pass, for a memory limit.
    public let isStreamed: Bool
    /// What both sides of a model's input must be a multiple of.
    public let sizeUnit: Int
    /// The longest side that the model takes.
    public let largestSide: Int
    /// The size that the model was made for, used where none is asked for.
    public let defaultSize: InputSize
    /// Seconds that loading took.
    public let loadSeconds: Double

    /// How the model was trained to be used.
    public let usage: SegmentationConfiguration

    private let form: Form
    private let memory: SegmentationMemory?
    private let autoencoder: AutoencoderKL
    private let transformer: (Tensor) throws -> Tensor

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - model: A folder in diffusers' layout or a Hugging Face id in Hugging Face's cache; nil for the embedded
    ///     demonstration model.
    ///   - revision: Branch, tag or commit of a Hugging Face id.
    ///   - variant: Infix of the weight files, such as `fp16`.
    ///   - device: Where to compute; nil for an accelerator where there is one.
    ///   - dtype: What to compute in.
    ///   - precision: What the products of the transformer's blocks are computed in.
    ///   - memoryLimit: Bytes that the process may take on the CPU. Where all weights and a pass at the default size would take more,
    ///     the transformer's blocks are read from the file in each pass; where a pass would take more even so, it is refused.
    /// - Throws: `ModelError`, `WeightsError`, `SafetensorsError`, `TorchError` or ``SegmentationError``.
    public init(
        model: String? = nil, revision: String = "main", variant: String? = nil, device: Device? = nil,
        dtype: DType = .float32, form: Form = .folded, precision: Precision = .exact, memoryLimit: Int? = nil
    ) throws {
        try TorchRuntime.checkInterface()
        let start = ContinuousClock.now
        self.device = device ?? .best
        self.dtype = dtype
        self.form = form
        guard Device.count(of: self.device.kind) > self.device.index else {
            let reason = self.device.kind == .cuda ? Device.cudaProblem.map { " (\($0))" } ?? "" : ""
            throw SegmentationError.device(
                "there is no device \(self.device) that libtorch \(TorchRuntime.version) can use here\(reason); use cpu"
            )
        }
        let isPlainCPU = self.device.kind == .cpu && dtype == .float32 && form == .folded
        guard isPlainCPU || (precision == .exact && memoryLimit == nil) else {
            throw SegmentationError.device(
                "precision \(precision.rawValue) and a memory limit are for folded float32 on the CPU; elsewhere take dtype bfloat16"
            )
        }
        let folder = try Self.findModel(model, revision: revision, variant: variant)
        usage = try SegmentationConfiguration(of: folder)
        (sizeUnit, largestSide) = try folder.inputLimits()
        let configuration = try folder.transformerConfiguration()
        let side = try configuration.sampleSize * folder.autoencoderConfiguration().downsampling
        memory = try memoryLimit.map { try SegmentationMemory(folder, precision: precision, limit: $0) }
        isStreamed = try memory?.mustStream(side: side) ?? false
        if memory != nil { TorchRuntime.keepFreedMemory(false) }
        autoencoder = try folder.loadAutoencoder(dtype: dtype, device: self.device)
        transformer = try Self.loadTransformer(
            folder, device: self.device, dtype: dtype, form: form, precision: precision.linearPrecision,
            isStreamed: isStreamed)
        self.model = folder
        defaultSize = .square(side)
        try self.device.synchronize()
        loadSeconds = (ContinuousClock.now - start).seconds
    }

    /// Takes parts that are loaded already, such as those of a model in training.
    ///
    /// - Parameters:
    ///   - model: Where the parts are from.
    ///   - usage: What the model is trained for.
    ///   - side: The side of ``defaultSize``.
    ///   - transformer: A latent `[N, 16, h, w]` to the same shape, both in `dtype`.
    package init(
        model: ModelFolder, usage: SegmentationConfiguration, autoencoder: AutoencoderKL, device: Device, dtype: DType,
        side: Int,
        transformer: @escaping (Tensor) throws -> Tensor
    ) throws {
        (self.model, self.autoencoder, self.device, self.dtype) = (model, autoencoder, device, dtype)
        (self.usage, self.transformer, form, loadSeconds) = (usage, transformer, .folded, 0)
        (memory, isStreamed) = (nil, false)
        (sizeUnit, largestSide) = try model.inputLimits()
        defaultSize = .square(side)
    }

    /// The folder of a model, or of the embedded one.
    package static func findModel(_ model: String?, revision: String, variant: String?) throws -> ModelFolder {
        guard let name = model ?? EmbeddedModel.folder else { throw SegmentationError.embeddedModelMissing }
        return try ModelFolder(name, revision: revision, variant: variant)
    }

    private static func loadTransformer(
        _ folder: ModelFolder, device: Device, dtype: DType, form: Form, precision: LinearPrecision, isStreamed: Bool
    ) throws -> (Tensor) throws -> Tensor {
        switch form {
        case .folded where isStreamed:
            let transformer = try StreamedTransformer(
                folder, dtype: dtype, device: device, linearPrecision: precision)
            return { try transformer($0) }
        case .folded:
            let transformer = try folder.loadFoldedTransformer(
                dtype: dtype, device: device, linearPrecision: precision)
            return { try transformer($0) }
        case .plain:
            let transformer = try folder.loadTransformer(dtype: dtype, device: device)
            let prompt = try folder.loadEmptyPrompt().to(dtype, device: device)
            return { try transformer($0, timestep: segmentationTimestep, prompt: prompt) }
        }
    }

    /// Reads a picture file and segments it.
    ///
    /// - Throws: `ImageError` besides what ``segment(_:size:threshold:)`` throws.
    public func segment(
        contentsOf path: String, size: InputSize? = nil, threshold: Float = 0.5
    ) throws -> Segmentation {
        try segment(ImageReader().read(contentsOf: path), size: size, threshold: threshold)
    }

    /// Segments one picture (RGB, upright, as `ImageReader` gives it).
    ///
    /// - Parameters:
    ///   - size: What the picture is brought to for the model; nil for ``defaultSize``.
    ///   - threshold: The soft value above which a pixel counts as transparent.
    /// - Throws: ``SegmentationError/size(_:)``, or `TorchError` (memory that ran out among them).
    public func segment(_ picture: Image, size: InputSize? = nil, threshold: Float = 0.5) throws -> Segmentation {
        try segment([picture], size: size, threshold: threshold)[0]
    }

    /// Segments several pictures, those that come to the same size in one pass. Results are in the pictures' order.
    public func segment(
        _ pictures: [Image], size: InputSize? = nil, threshold: Float = 0.5
    ) throws -> [Segmentation] {
        let sizes = try pictures.map { try dimensions(of: $0, size) }
        var results: [Int: Segmentation] = [:]
        for (group, members) in Dictionary(grouping: pictures.indices, by: { sizes[$0] }) {
            let batch = members.map { pictures[$0] }
            let segmentations = try inference {
                try masks(predict(batch, height: group[0], width: group[1]), batch, threshold: threshold)
            }
            for (index, mask) in zip(members, segmentations) { results[index] = mask }
        }
        return pictures.indices.compactMap { results[$0] }
    }

    /// The whole pass on one picture with all that it computes on the way, for ``segmentation(from:of:threshold:)``.
    package func predict(_ picture: Image, size: InputSize? = nil) throws -> Prediction {
        let size = try dimensions(of: picture, size)
        return try inference { try predict([picture], height: size[0], width: size[1]) }
    }

    /// The pass on several pictures that are all brought to one size; `size` must not depend on the picture's.
    package func predict(_ pictures: [Image], size: InputSize?) throws -> Prediction {
        let size = try dimensions(of: pictures[0], size)
        return try inference { try predict(pictures, height: size[0], width: size[1]) }
    }

    /// What the VAE alone makes of masks: each is encoded, and decoded at once.
    ///
    /// - Parameter masks: `[N, 3, H, W]` of 0 and 1.
    /// - Returns: `[N, 3, H, W]` in 0…1.
    package func reconstruct(_ masks: Tensor) throws -> Tensor {
        try inference {
            let latent = try autoencoder.encode((masks.to(device: device) * 2 - 1).to(dtype)).mode()
            return try (autoencoder.decode(latent) / 2 + 0.5).clamp(0...1)
        }
    }

    /// The masks that a prediction holds, each at its picture's size.
    package func segmentations(
        from prediction: Prediction, of pictures: [Image], threshold: Float
    ) throws -> [Segmentation] {
        try inference { try masks(prediction, pictures, threshold: threshold) }
    }

    /// The mask that a prediction holds, at its picture's size.
    package func segmentation(
        from prediction: Prediction, of picture: Image, threshold: Float = 0.5
    ) throws -> Segmentation {
        try inference { try masks(prediction, [picture], threshold: threshold)[0] }
    }

    private func inference<R>(_ body: () throws -> R) rethrows -> R {
        try withoutGradients { form == .folded ? try withFastKernels(body) : try body() }
    }

    private func dimensions(of picture: Image, _ size: InputSize?) throws -> [Int] {
        let (height, width) = try (size ?? defaultSize).dimensions(
            width: picture.width, height: picture.height, unit: sizeUnit, largest: largestSide)
        return [height, width]
    }

    /// Resizes each soft mask to its picture.
    private func masks(_ prediction: Prediction, _ pictures: [Image], threshold: Float) throws -> [Segmentation] {
        let start = ContinuousClock.now
        // A binary mask is resized as one channel, one in colours as three.
        let mask = try usage.target == .binary ? prediction.softMask() : prediction.mask().to(.float32)
        // A sum is finite only if everything in it is.
        guard try mask.sum().item().isFinite else { throw SegmentationError.notFinite(dtype: "\(dtype)") }
        let masks = try pictures.indices.map { index in
            let resized = try mask.narrow(0, start: index, length: 1)
                .upsampleBilinear(height: pictures[index].height, width: pictures[index].width, antialias: true)
                .clamp(0...1)
            let planes = try resized.array(of: Float.self)
            return usage.target == .binary
                ? (planes, nil)
                : (try usage.target.softMask(of: resized).array(of: Float.self), usage.target.classes(of: planes))
        }
        var timings = prediction.timings
        timings.decode += (ContinuousClock.now - start).seconds
        let share = timings.divided(by: pictures.count)
        return zip(pictures, masks).map { picture, mask in
            Segmentation(
                width: picture.width, height: picture.height, softMask: mask.0, classes: mask.1, threshold: threshold,
                timings: share)
        }
    }

    private func predict(_ pictures: [Image], height: Int, width: Int) throws -> Prediction {
        try memory?.check(count: pictures.count, height: height, width: width, isStreamed: isStreamed)
        TorchRuntime.keepFreedMemory(memory == nil)
        let clock = ContinuousClock()
        let start = clock.now
        let image = try cat(
            pictures.map { try $0.tensor(device: device).upsampleBilinear(height: height, width: width) }, axis: 0)
        let latent = try autoencoder.scaled(autoencoder.encode((image * 2 - 1).to(dtype)).mode())
        try device.synchronize()
        let encoded = clock.now
        let prediction = try usage.outputForm.mask(output: transformer(latent), picture: latent)
        try device.synchronize()
        let transformed = clock.now
        let decoded = try autoencoder.decode(autoencoder.unscaled(prediction))
        try device.synchronize()
        let timings = Timings(
            encode: (encoded - start).seconds, transformer: (transformed - encoded).seconds,
            decode: (clock.now - transformed).seconds)
        return Prediction(
            image: image, imageLatent: latent, predictionLatent: prediction, decoded: decoded, target: usage.target,
            timings: timings)
    }
}

extension Image {
    /// `[1, 3, H, W]` in 0…1, float32.
    fileprivate func tensor(device: Device) throws -> Tensor {
        guard channels == 3 else {
            throw SegmentationError.size("the picture has \(channels) channels; RGB was expected")
        }
        return try [self].tensor(on: device)
    }
}

extension Timings {
    fileprivate func divided(by count: Int) -> Timings {
        let share = 1 / Double(count)
        return Timings(encode: encode * share, transformer: transformer * share, decode: decode * share)
    }
}

extension Duration {
    /// The duration as a number of seconds.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
