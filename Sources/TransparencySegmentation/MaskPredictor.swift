public import Images

/// Turns pictures into soft masks.
///
/// ``Segmenter`` does so in one pass. Whatever else makes a mask of a picture, such as a mean over mirrored pictures or tiles put together
/// (``PredictionMethod``), wraps another predictor, and `segment` and `evaluate` take it as they take a segmenter:
///
/// ```swift
/// let predictor: any MaskPredictor = try await Segmenter(model: "sd35-glass")
/// let segmentation = try await predictor.segment(contentsOf: "bottle.jpg", size: .fit(1024))
/// try segmentation.maskImage().write(to: "mask.png")
/// ```
public protocol MaskPredictor: Sendable {
    /// The size that pictures are brought to where none is asked for.
    var defaultSize: InputSize { get }
    /// What both sides of the model's input must be a multiple of.
    var sizeUnit: Int { get }
    /// The longest side that the model takes.
    var largestSide: Int { get }
    /// What the masks depend on besides pictures and sizes, by name: where two identities are equal, so are the masks, up to rounding.
    /// An interrupted evaluation goes on only with the identity that it began with.
    var identity: [String: String] { get }

    /// Predicts masks, those of pictures that come to the same size in one pass.
    ///
    /// May be called from any task.
    ///
    /// - Parameters:
    ///   - pictures: RGB, upright, as `ImageReader` gives them.
    ///   - size: What each picture is brought to for the model; nil for ``defaultSize``.
    ///   - resolutions: At which the masks are wanted.
    /// - Returns: As many, in the pictures' order.
    /// - Throws: ``SegmentationError``, or `TorchError` (memory that ran out among them).
    func predict(
        _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction]
}

extension MaskPredictor {
    /// Reads a picture file and segments it.
    ///
    /// - Throws: `ImageError` besides what ``segment(_:size:threshold:)-(Image,_,_)`` throws.
    public func segment(
        contentsOf path: String, size: InputSize? = nil, threshold: Float = 0.5
    ) async throws -> Segmentation {
        try await segment(ImageReader().read(contentsOf: path), size: size, threshold: threshold)
    }

    /// Segments one picture.
    ///
    /// - Parameters:
    ///   - picture: RGB, upright, as `ImageReader` gives it.
    ///   - size: What the picture is brought to for the model; nil for ``defaultSize``.
    ///   - threshold: The soft value above which a pixel counts as transparent.
    /// - Throws: ``SegmentationError/size(_:)``, or `TorchError` (memory that ran out among them).
    public func segment(_ picture: Image, size: InputSize? = nil, threshold: Float = 0.5) async throws -> Segmentation {
        try await segment([picture], size: size, threshold: threshold)[0]
    }

    /// Segments several pictures, those that come to the same size in one pass. Results are in the pictures' order.
    public func segment(
        _ pictures: [Image], size: InputSize? = nil, threshold: Float = 0.5
    ) async throws -> [Segmentation] {
        try await predict(pictures, size: size, at: [.picture]).compactMap { prediction in
            prediction.atPicture.map {
                Segmentation(
                    $0, threshold: threshold, timings: prediction.timings, passCount: prediction.passCount)
            }
        }
    }

    /// What a picture of this size is brought to for the model.
    ///
    /// - Throws: ``SegmentationError/size(_:)``.
    public func inputSize(
        width: Int, height: Int, size: InputSize? = nil
    ) throws -> (height: Int, width: Int) {
        try (size ?? defaultSize).dimensions(width: width, height: height, unit: sizeUnit, largest: largestSide)
    }
}
