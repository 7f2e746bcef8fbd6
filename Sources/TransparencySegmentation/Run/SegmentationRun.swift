public import Annotations
import Images
package import Torch

/// Segments a list of pictures and writes the results of each.
///
/// ```swift
/// let sources = try PictureSource.find(["photos"])
/// let writer = try ResultWriter(to: .folder("masks"), kinds: [.mask], names: sources.map(\.fileName))
/// let run = SegmentationRun(predictor: segmenter, writer: writer)
/// for await picture in run.results(of: sources) {
///     print(picture.item.name, try picture.result.get().files)
/// }
/// ```
public struct SegmentationRun: Sendable {
    public let predictor: any MaskPredictor
    public let writer: ResultWriter
    /// Is given each picture's mask; whoever made it finishes it after the run. nil for no annotations.
    public var annotations: AnnotationWriter?
    /// What each picture is brought to for the model; nil for the predictor's own size.
    public var size: InputSize?
    /// The soft value above which a pixel counts as transparent.
    public var threshold: Float
    /// Pictures whose ``Segmentation/confidence`` is below this get no results; nil for none.
    public var leastConfidence: Double?
    /// Memory that the predictor takes of a picture's pixel beside what one pass does.
    package var blendedBytesPerPixel = 0
    public var bounds: PipelineBounds

    public init(
        predictor: any MaskPredictor, writer: ResultWriter, size: InputSize? = nil, threshold: Float = 0.5,
        bounds: PipelineBounds = PipelineBounds()
    ) {
        (self.predictor, self.writer, self.size, self.threshold) = (predictor, writer, size, threshold)
        self.bounds = bounds
    }

    /// A picture whose results are written.
    public struct Written: Sendable {
        /// The picture's size.
        public let width: Int
        public let height: Int
        /// What it was brought to for the model.
        public let inputSize: (height: Int, width: Int)
        /// The share of its pixels that are transparent, 0…1.
        public let transparentShare: Double
        public let timings: Timings
        /// Passes of the model that it was in.
        public let passCount: Int
        /// The IoU that is to be expected of the mask, 0…1 (``Segmentation/confidence``).
        public let confidence: Double
        /// Whether that was too little, so that nothing was written.
        public let isRejected: Bool
        /// The files that were written.
        public let files: [ResultKind: String]
    }

    /// What became of each picture, in order; see ``SegmentationPipeline`` for what is promised.
    ///
    /// A failure is an `ImageError` that names the file, ``SegmentationError/output(_:)``, or any other error of the pass.
    ///
    /// - Parameter sources: As many as the writer has names, in the same order.
    public func results(of sources: [PictureSource]) -> SegmentationPipeline<PictureSource, Written> {
        // Results are named by their place in the list.
        pipeline(
            AsyncStream(sources), named: { NamedPicture($0) }, stem: { [writer] index, _ in writer.stem(at: index) },
            segment: { try await predictor.segment($0, size: size, threshold: threshold) })
    }

    /// As ``results(of:)-([PictureSource])`` of pictures that are there, or come one after the other, each with a name of its own.
    package func results<Pictures: AsyncSequence & Sendable>(
        of pictures: Pictures
    ) -> SegmentationPipeline<NamedPicture, Written> where Pictures.Element == NamedPicture, Pictures.Failure == Never {
        pipeline(
            pictures, named: { $0 }, stem: { $1.stem },
            segment: { try await predictor.segment($0, size: size, threshold: threshold) })
    }

    /// The same of pictures that are watched for; one whose results would have an earlier one's names is a failure.
    package func results(
        of arrivals: AsyncStream<FolderWatch.Arrival>
    ) -> SegmentationPipeline<FolderWatch.Arrival, Written> {
        pipeline(
            arrivals, named: \.picture, stem: { $1.picture.stem }, problem: \.problem,
            segment: { try await predictor.segment($0, size: size, threshold: threshold) })
    }

    package func results(of pictures: [NamedPicture]) -> SegmentationPipeline<NamedPicture, Written> {
        results(of: AsyncStream(pictures))
    }

    /// Segments one picture as ``results(of:)`` does, and writes every tensor of the pass as float32 to a safetensors file.
    public func results(
        of source: PictureSource, dumpingTo path: String, segmenter: Segmenter
    ) -> SegmentationPipeline<PictureSource, Written> {
        pipeline(
            AsyncStream([source]), named: { NamedPicture($0) }, stem: { [writer] index, _ in writer.stem(at: index) },
            segment: { [predictor, size, threshold] pictures in
                let mask = try await segmenter.segment(pictures[0], size: size, threshold: threshold, dumpingTo: path)
                return [(predictor as? CalibratedPredictor).map { mask.calibrated(by: $0.temperature) } ?? mask]
            })
    }

    /// Memory that a pixel takes until its results are written: the picture, its mask twice, and the results' files where they do not squeeze.
    private var bytesPerPixel: Int {
        SegmentationMemory.bytesOfPicturePixel + blendedBytesPerPixel + (writer.kinds.contains(.cutout) ? 8 : 0)
            // The background and its pyramid, in floats.
            + (writer.kinds.contains(.seeThrough) ? 64 : 0)
            + (writer.kinds.contains(.classes) ? 12 : 0)
    }

    /// - Parameters:
    ///   - named: The picture of an item.
    ///   - stem: What an item's results are named after.
    ///   - problem: Why an item is not to be segmented.
    private func pipeline<Items: AsyncSequence & Sendable>(
        _ items: Items, named: @escaping @Sendable (Items.Element) -> NamedPicture,
        stem: @escaping @Sendable (Int, Items.Element) -> String,
        problem: @escaping @Sendable (Items.Element) -> String? = { _ in nil },
        segment: @escaping @Sendable ([Image]) async throws -> [Segmentation]
    ) -> SegmentationPipeline<Items.Element, Written> where Items.Element: Sendable, Items.Failure == Never {
        SegmentationPipeline(
            items, bounds: bounds, pixels: { named($0).source.pixelCount },
            read: { [bytesPerPixel] item in
                if let problem = problem(item) { throw SegmentationError.input(problem) }
                return try named(item).source.read(bytesPerPixel: bytesPerPixel)
            },
            compute: { pictures in Array(zip(pictures, try await segment(pictures))) },
            finish: { index, item, computed in
                try write(
                    computed.1, of: computed.0, as: named(item), stem: stem(index, item), index: index)
            })
    }

    private func write(
        _ mask: Segmentation, of picture: Image, as named: NamedPicture, stem: String, index: Int
    ) throws -> Written {
        var files: [ResultKind: String] = [:]
        let confidence = mask.confidence
        let isRejected = leastConfidence.map { confidence < $0 } ?? false
        do {
            if !isRejected {
                files = try writer.write(mask, of: picture, stem: stem)
                try annotations?.add(AnnotatedPicture(name: named.name, mask: mask.labels()), at: index)
            }
        } catch {
            throw SegmentationError.output("\(named.source.name): \(error)")
        }
        return Written(
            width: mask.width, height: mask.height,
            inputSize: try predictor.inputSize(width: mask.width, height: mask.height, size: size),
            transparentShare: mask.transparentShare, timings: mask.timings, passCount: mask.passCount,
            confidence: confidence, isRejected: isRejected, files: files)
    }

    /// Writes the annotation files of the run, on the first process those of all.
    package func finishAnnotations(_ ranks: Ranks) async throws {
        guard let annotations else { return }
        if ranks.size > 1 {
            let own = try annotations.encodedPictures { $0 * ranks.size + ranks.rank }
            try annotations.take(try await ComputeActor.run { try ranks.gather(own) })
        }
        if ranks.isFirst { try annotations.finish() }
    }
}
