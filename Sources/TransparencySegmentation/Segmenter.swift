import EmbeddedModel
public import Images
public import StableDiffusion3
public import Torch
import TorchNN

/// Finds transparent things in photographs, in one pass of a fine-tuned Stable Diffusion 3.
///
/// ```swift
/// let segmenter = try await Segmenter(model: "sd35-glass")
/// let segmentation = try await segmenter.segment(contentsOf: "bottle.jpg")
/// try segmentation.maskImage().write(to: "mask.png")
/// ```
///
/// Results are deterministic: the VAE's mode is taken, not a sample. A segmenter may be called from any task; passes run one after the other on
/// the one thread that computes.
public final class Segmenter: MaskPredictor {
    /// Where the weights are from.
    public let model: ModelFolder
    /// Folded, unless every operation is to be diffusers' own: then convolutions take one algorithm, too.
    public var form: TransformerForm { pass.form }
    public let precision: Precision
    public let sizeUnit: Int
    public let largestSide: Int
    /// The size that the model was made for.
    public let defaultSize: InputSize
    /// The folder of the small decoder that decodes instead of the VAE.
    public let decoder: String?
    /// Seconds that loading took.
    public let loadSeconds: Double

    private let pass: SegmentationPass

    public var device: Device { pass.device }
    public var dtype: DType { pass.dtype }
    var autoencoderDType: DType { pass.autoencoderDType }
    /// What makes the masks.
    public var head: MaskHead { pass.head.replacesProjection ? .readout : .latent }
    /// Whether masks tell things and stuff apart.
    public var hasClasses: Bool { pass.channels.hasClasses }
    /// How the model was trained to be used.
    public var usage: SegmentationConfiguration { pass.usage }
    /// Whether blocks of the transformer are read anew in each pass, for a memory limit.
    public var isStreamed: Bool { pass.isStreamed }

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - model: A folder in diffusers' layout or a Hugging Face id in Hugging Face's cache; nil for the embedded
    ///     demonstration model.
    ///   - revision: Branch, tag or commit of a Hugging Face id.
    ///   - variant: Infix of the weight files, such as `fp16`, for parts that have such files.
    ///   - device: Where to compute; nil for an accelerator where there is one.
    ///   - dtype: What to compute in. In float16 a VAE whose configuration says `force_upcast` computes in float32.
    ///   - form: Folded, unless every operation is to be diffusers' own, for comparison.
    ///   - precision: What the products of the transformer's blocks are computed in.
    ///   - head: What makes the masks; nil for the model's own readout where it has one, else the VAE's decoder.
    ///   - decoder: An `AutoencoderTiny` that decodes instead of the VAE, quicker and less exactly: a folder, or a Hugging Face id such as
    ///     `madebyollin/taesd3` in Hugging Face's cache.
    ///   - memoryLimit: Bytes that the process may take on the CPU. Where all weights and a pass at the default size would take more,
    ///     the transformer's blocks are read from the file in each pass; where a pass would take more even so, it is refused.
    /// - Throws: `ModelError`, `WeightsError`, `SafetensorsError`, `TorchError` or ``SegmentationError``.
    public convenience init(
        model: String? = nil, revision: String = "main", variant: String? = nil, device: Device? = nil,
        dtype: DType = .float32, form: TransformerForm = .folded, precision: Precision = .exact,
        head: MaskHead? = nil, decoder: String? = nil, memoryLimit: Int? = nil
    ) async throws {
        try TorchRuntime.checkInterface()
        try await self.init(
            loading: Self.findModel(model, revision: revision, variant: variant), device: .usable(device), dtype: dtype,
            form: form, precision: precision, head: head, decoder: decoder, memoryLimit: memoryLimit)
    }

    @ComputeActor
    private init(
        loading folder: ModelFolder, device: Device, dtype: DType, form: TransformerForm, precision: Precision,
        head: MaskHead?, decoder: String?, memoryLimit: Int?
    ) throws {
        let start = ContinuousClock.now
        let isFolded = dtype == .float32 && form == .folded
        let takesPrecision = precision == .exact || isFolded && (device.kind == .cpu || precision == .fast)
        guard takesPrecision, memoryLimit == nil || isFolded && device.kind == .cpu else {
            throw SegmentationError.device(
                "precision \(precision.rawValue)\(memoryLimit == nil ? "" : " and a memory limit") "
                    + "\(memoryLimit == nil ? "is" : "are") for folded float32"
                    + "\(precision == .fast && memoryLimit == nil ? "" : " on the CPU"); elsewhere take dtype bfloat16")
        }
        guard precision != .int8 || int8SumsAreExact else {
            throw SegmentationError.device(
                "precision int8 needs a processor with VNNI instructions, without which eight-bit sums overflow; take fast or exact"
            )
        }
        let (usage, headForm) = (try SegmentationConfiguration(of: folder), try folder.headForm(head))
        if let decoder, headForm.replacesProjection {
            throw SegmentationError.configuration(
                file: decoder, reason: "a readout makes masks without a decoder; leave it out, or take the head latent")
        }
        let decodes = !headForm.replacesProjection && decoder == nil
        (sizeUnit, largestSide) = try folder.inputLimits()
        let side = try folder.transformerConfiguration().sampleSize * folder.autoencoderConfiguration().downsampling
        let memory = try memoryLimit.map {
            try SegmentationMemory(folder, precision: precision, decodes: decodes, limit: $0)
        }
        let isStreamed = try memory?.mustStream(side: side) ?? false
        if memory != nil { TorchRuntime.keepFreedMemory(false) }
        // On a device `fast` is its arithmetic of float32 and changes no weight.
        let cpuPrecision = device.kind == .cpu ? precision : .exact
        let autoencoder = try folder.loadAutoencoder(
            dtype: dtype, device: device, precision: cpuPrecision, decodes: decodes)
        let tinyDecoder = try decoder.map {
            try folder.loadTinyDecoder($0, dtype: autoencoder.dtype, device: device)
        }
        self.decoder = tinyDecoder?.folder
        pass = SegmentationPass(
            model: folder, usage: usage, head: headForm, autoencoder: autoencoder, tinyDecoder: tinyDecoder?.decoder,
            device: device, dtype: dtype, form: form, precision: precision, memory: memory, isStreamed: isStreamed,
            transformer: try Self.loadTransformer(
                folder, device: device, dtype: dtype, form: form,
                precision: cpuPrecision, isStreamed: isStreamed,
                head: folder.loadHead(headForm, dtype: dtype, device: device), timestep: usage.timestep))
        try folder.requireUnchangedFiles()
        (model, self.precision, defaultSize) = (folder, precision, .square(side))
        try device.synchronize()
        loadSeconds = (ContinuousClock.now - start).seconds
    }

    /// Takes parts that are loaded already, such as those of a model in training.
    ///
    /// - Parameters:
    ///   - model: Where the parts are from.
    ///   - usage: What the model is trained for.
    ///   - head: What comes after the transformer's last norm.
    ///   - autoencoder: With its decoder, unless `head` is a readout.
    ///   - side: The side of ``defaultSize``.
    ///   - transformer: A latent `[N, 16, h, w]` to the same shape, or to what `head` gives, both in `dtype`.
    @ComputeActor
    package init(
        model: ModelFolder, usage: SegmentationConfiguration, head: HeadForm, autoencoder: AutoencoderKL,
        device: Device, dtype: DType,
        side: Int,
        transformer: @escaping (Tensor) throws -> Tensor
    ) throws {
        pass = SegmentationPass(
            model: model, usage: usage, head: head, autoencoder: autoencoder, device: device, dtype: dtype,
            transformer: transformer)
        (self.model, precision, decoder, loadSeconds) = (model, .exact, nil, 0)
        (sizeUnit, largestSide) = try model.inputLimits()
        defaultSize = .square(side)
    }

    /// The folder of a model, or of the embedded one.
    ///
    /// - Throws: `ModelError`, ``SegmentationError/embeddedModelMissing``.
    package static func findModel(_ model: String?, revision: String, variant: String?) throws -> ModelFolder {
        guard let name = model ?? EmbeddedModel.folder else { throw SegmentationError.embeddedModelMissing }
        return try ModelFolder(name, revision: revision, variant: variant)
    }

    private static func loadTransformer(
        _ folder: ModelFolder, device: Device, dtype: DType, form: TransformerForm, precision: Precision,
        isStreamed: Bool, head: OutputHead, timestep: Double
    ) throws -> (Tensor) throws -> Tensor {
        switch form {
        case .folded where isStreamed:
            let transformer = try StreamedTransformer(
                folder, dtype: dtype, device: device, precision: precision, timestep: timestep)
            return { try transformer($0, head: head) }
        case .folded:
            let transformer = try folder.loadFoldedTransformer(
                dtype: dtype, device: device, precision: precision, timestep: timestep)
            return { try transformer($0, head: head) }
        case .plain:
            let transformer = try folder.loadTransformer(dtype: dtype, device: device)
            let prompt = try folder.loadEmptyPrompt().to(dtype, device: device)
            return { try transformer($0, timestep: timestep, prompt: prompt, head: head) }
        }
    }
}

extension Segmenter {
    public func predict(
        _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction] {
        try await ComputeActor.run { try self.masks(of: pictures, size: size, at: resolutions) }
    }

    /// What ``predict(_:size:at:)`` does, for those who are on the thread that computes.
    @ComputeActor
    package func masks(
        of pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) throws -> [MaskPrediction] {
        let sizes = try pictures.map { picture in
            let (height, width) = try inputSize(width: picture.width, height: picture.height, size: size)
            return [height, width]
        }
        var results: [Int: MaskPrediction] = [:]
        for (group, members) in Dictionary(grouping: pictures.indices, by: { sizes[$0] }) {
            let batch = members.map { pictures[$0] }
            let masks = try pass.masks(
                pass.predict(batch, height: group[0], width: group[1]), of: batch, at: resolutions)
            for (index, mask) in zip(members, masks) { results[index] = mask }
        }
        return pictures.indices.compactMap { results[$0] }
    }

    /// The whole pass on one picture with all that it computes on the way.
    @ComputeActor
    package func tensors(of picture: Image, size: InputSize? = nil) throws -> Prediction {
        let (height, width) = try inputSize(width: picture.width, height: picture.height, size: size)
        return try pass.predict([picture], height: height, width: width)
    }

    /// Segments a picture and writes every tensor of the pass as float32 to a safetensors file.
    ///
    /// - Throws: What ``MaskPredictor/segment(_:size:threshold:)-(Image,_,_)`` throws, and `FileError`.
    public func segment(
        _ picture: Image, size: InputSize? = nil, threshold: Float = 0.5, dumpingTo path: String
    ) async throws -> Segmentation {
        try await ComputeActor.run {
            let prediction = try self.tensors(of: picture, size: size)
            try prediction.write(to: path, threshold: threshold)
            let mask = try self.pass.masks(prediction, of: [picture], at: [.picture])[0]
            guard let soft = mask.atPicture else { preconditionFailure("the mask at the picture's size was asked for") }
            return Segmentation(soft, threshold: threshold, timings: mask.timings)
        }
    }

    /// What the VAE alone makes of masks: each is encoded, and decoded at once.
    ///
    /// - Parameter masks: Of one size, one channel, 0 where nothing is transparent.
    /// - Returns: Three planes each.
    @ComputeActor
    package func reconstruct(_ masks: [Image]) throws -> [SoftMask] {
        let values = masks.flatMap { mask in (0..<3).flatMap { _ in mask.pixels.map { $0 > 0 ? Float(1) : 0 } } }
        let tensor = try Tensor(values, shape: [masks.count, 3, masks[0].height, masks[0].width])
        return try pass.planes(of: pass.reconstruct(tensor)).map {
            SoftMask(width: masks[0].width, height: masks[0].height, planes: $0)
        }
    }
}
