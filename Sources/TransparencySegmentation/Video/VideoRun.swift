import Files
import Foundation
import Images
package import Video

/// Segments a video frame by frame and writes a video of each kind, with the frames' rate, turned upright.
///
/// Memory does not depend on how long the video is: frames are decoded as they are needed. The results appear when all of them are whole.
package struct VideoRun: Sendable {
    private let predictor: any MaskPredictor
    private let kinds: [ResultKind]
    private let size: InputSize?
    private let threshold: Float
    private let every: Int
    private let batch: Int

    /// - Parameters:
    ///   - predictor: Sees every Nth frame, in order. One that smooths is made anew for each video.
    ///   - every: N; the frames between have the mask of the one before.
    ///   - batch: Frames in one pass.
    package init(
        predictor: any MaskPredictor, kinds: [ResultKind], size: InputSize?, threshold: Float, every: Int = 1,
        batch: Int = 1
    ) {
        (self.predictor, self.kinds, self.size, self.threshold) = (predictor, kinds, size, threshold)
        (self.every, self.batch) = (max(1, every), batch)
    }

    /// A frame whose results are on their way.
    package struct Frame: Sendable {
        package let index: Int
        /// Seconds since the video's beginning.
        package let time: Double
        /// nil of a frame that has an earlier one's mask.
        package let segmentation: Segmentation?
    }

    /// Where the results of a video are.
    package static func paths(of video: String, in folder: String, kinds: [ResultKind]) -> [ResultKind: String] {
        let stem = NamedPicture.stem(of: (video as NSString).lastPathComponent)
        return Dictionary(
            uniqueKeysWithValues: kinds.map {
                let suffix = VideoWriter.suffix(hasAlpha: $0.hasAlpha)
                return ($0, (folder as NSString).appendingPathComponent("\(stem)_\($0.rawValue).\(suffix)"))
            })
    }

    /// Segments a video.
    ///
    /// - Parameters:
    ///   - folder: Where the results go.
    ///   - receive: Called after each frame, in order.
    /// - Returns: The number of frames, and the files.
    /// - Throws: ``VideoError``, what the predictor throws, `FileError`, and `CancellationError` where the task was cancelled; no result is
    ///   written then.
    package func run(
        _ info: VideoInfo, to folder: String, receive: (Frame) throws -> Void
    ) async throws -> (frames: Int, files: [ResultKind: String]) {
        let reader = try VideoReader(info)
        defer { reader.stop() }
        let held = HeldMask(every: every) { [predictor, size, threshold] in
            try await predictor.segment($0, size: size, threshold: threshold)
        }
        let kinds = kinds
        // A few frames on their way, for each has a picture of every kind.
        let pipeline = SegmentationPipeline(
            reader, bounds: PipelineBounds(batch: batch, readAhead: batch + 1, finishBehind: 2), read: { $0 },
            compute: { frames in
                zip(frames, try await held.masks(of: frames.map { ($0.index, $0.image) })).map {
                    ($0, $1.mask, $1.isOwn)
                }
            },
            finish: { _, _, made in
                let (frame, mask, isOwn) = made
                return (isOwn ? mask : nil, try kinds.map { try $0.image(of: mask, picture: frame.image) })
            })
        try makeFolder(folder)
        let paths = Self.paths(of: info.path, in: folder, kinds: kinds)
        var writers: [ResultKind: VideoWriter] = [:]
        var count = 0
        for await frame in pipeline {
            let (mask, images): (Segmentation?, [Image?])
            do { (mask, images) = try frame.result.get() } catch {
                throw SegmentationError.output("\(info.path), frame \(frame.index): \(error); nothing was written")
            }
            for (kind, image) in zip(kinds, images) {
                guard let image, let path = paths[kind] else { continue }
                let writer = try writers[kind] ?? VideoWriter(to: path, like: image, info: info)
                writers[kind] = writer
                try writer.write(image)
            }
            count += 1
            try receive(Frame(index: frame.index, time: Double(frame.index) / info.rate.value, segmentation: mask))
        }
        try Task.checkCancellation()
        if let failure = reader.failure { throw failure }
        for writer in writers.values { try writer.finish() }
        return (count, paths.filter { writers[$0.key] != nil })
    }
}
