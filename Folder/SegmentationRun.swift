import Images

/// Segments pictures from disk and writes their results beside each other.
///
/// ```swift
/// let pictures = try PictureSource.find(["photos"])
/// let writer = try ResultWriter(to: .folder("masks"), kinds: [.mask], pictures: pictures)
/// for await picture in SegmentationRun(predictor: segmenter, writer: writer).results(of: pictures) {
///     print(picture.item.name, picture.result)
/// }
/// ```
public struct SegmentationRun: Sendable {
    /// A picture whose results are written.
    public struct Output: Sendable {
        public let segmentation: Segmentation
        /// What the picture was brought to for the model.
        public let inputHeight: Int
        public let inputWidth: Int
        /// The paths of what was written.
        public let files: [ResultKind: String]
    }

    public var predictor: any MaskPredictor
    public var writer: ResultWriter
    /// What each picture is brought to for the model; nil for the predictor's own.
    public var size: InputSize?
    /// The soft value above which a pixel counts as transparent.
    public var threshold: Float
    public var bounds: PipelineBounds

    public init(
        predictor: any MaskPredictor, writer: ResultWriter, size: InputSize? = nil, threshold: Float = 0.5,
        bounds: PipelineBounds = PipelineBounds()
    ) {
        (self.predictor, self.writer, self.size) = (predictor, writer, size)
        (self.threshold, self.bounds) = (threshold, bounds)
    }

    /// What becomes of each picture, in order; a picture that cannot be read, segmented or written is a failure of its own.
    ///
    /// - Parameter pictures: Those that the writer was made for.
    public func results(of pictures: [PictureSource]) -> SegmentationPipeline<PictureSource, Output> {
        let (predictor, size, threshold) = (predictor, size, threshold)
        return results(of: pictures) { try await predictor.segment($0, size: size, threshold: threshold) }
    }

    /// As ``results(of:)``, and writes every tensor of the pass on the one picture to a file.
    ///
    /// - Parameters:
    ///   - segmenter: Takes the predictor's place.
    ///   - dump: The safetensors file.
    public func results(
        of picture: PictureSource, segmenter: Segmenter, dumpingTo dump: String
    ) -> SegmentationPipeline<PictureSource, Output> {
        let (size, threshold) = (size, threshold)
        return results(of: [picture]) {
            [try await segmenter.segment($0[0], size: size, threshold: threshold, dumpingTo: dump)]
        }
    }

    private func results(
        of pictures: [PictureSource], segment: @escaping @Sendable ([Image]) async throws -> [Segmentation]
    ) -> SegmentationPipeline<PictureSource, Output> {
        SegmentationPipeline(
            pictures.enumerated().map { ($0.offset, $0.element) }, bounds: bounds, read: { try $0.1.read() },
            compute: { pictures in try await zip(pictures, segment(pictures)).map { ($0, $1) } },
            finish: { source, computed in try output(computed.1, of: computed.0, index: source.0) }
        ).map
    }

    private func output(_ segmentation: Segmentation, of picture: Image, index: Int) throws -> Output {
        let (height, width) = try predictor.inputSize(width: picture.width, height: picture.height, size: size)
        return Output(
            segmentation: segmentation, inputHeight: height, inputWidth: width,
            files: try writer.write(segmentation, of: picture, index: index))
    }
}
