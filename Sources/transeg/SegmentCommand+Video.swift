import Annotations
import ArgumentParser
import Files
import Foundation
import Torch
import TransparencySegmentation
import Video

extension SegmentCommand {
    /// The inputs that are videos by their suffix; one that is named twice is taken once.
    var videos: [String] {
        var seen: Set<[UInt8]> = []
        return inputs.filter { Self.isVideo($0) && seen.insert(FileName.key(realPath($0) ?? $0)).inserted }
    }

    static func isVideo(_ path: String) -> Bool { VideoInfo.isVideo(fileName: path) && !isFolder(path) }

    /// Throws `ValidationError` for what is of pictures only, or of videos only.
    func validateVideos() throws {
        try check("every", every, 1...1_000_000)
        guard !videos.isEmpty else {
            if every != 1 { throw ValidationError("--every is for videos") }
            return
        }
        guard output != "-", dump == nil, !skipExisting else {
            throw ValidationError(
                "--output -, --dump and --skip-existing are for pictures; leave them out for \(videos[0])")
        }
        if options.rejectBelow != nil {
            throw ValidationError("--reject-below is for pictures; leave it out for \(videos[0])")
        }
        if let format = options.write?.formats.first {
            throw ValidationError("--write \(format.rawValue) is for pictures; name soft, mask, overlay or cutout")
        }
    }

    /// Segments the videos one after the other. Throws `Interrupt.exitCode` where it was asked to stop.
    func segmentVideos(by predictor: any MaskPredictor, _ kinds: [ResultKind], size: InputSize?) async throws {
        // All are looked at before the first pass.
        let infos = try videos.map { try VideoInfo(of: $0) }
        try checkResults(kinds)
        for info in infos {
            let run = VideoRun(
                predictor: SmoothedPredictor.of(predictor, alpha: smooth), kinds: kinds, size: size,
                threshold: options.threshold, every: every, batch: batchOptions.batch)
            try await Interrupt.cancelling { [self] in
                do { try await segment(info, by: run) } catch is CancellationError { throw Interrupt.exitCode }
            }
        }
    }

    private func segment(_ info: VideoInfo, by run: VideoRun) async throws {
        let progress = Progress(total: info.frameCount ?? 0, quiet: options.quiet || options.json, verb: "segmented")
        defer { progress.end() }
        let (frames, files) = try await run.run(info, to: output) { frame in
            if options.json, let mask = frame.segmentation {
                try print(FrameLine(info.path, frame.index, frame.time, mask).text())
            }
            // The count beforehand may be an estimate.
            progress.advance(to: min(frame.index + 1, info.frameCount ?? .max))
        }
        progress.end()
        if options.json { try print(VideoLine(info, frames: frames, files: files).text()) }
        guard !options.json, !options.quiet else { return }
        try print("\(info.path): \(frames) frames, results in:")
        for file in files.values.sorted() { try print("  \(file)") }
    }

    /// Throws `SegmentationError` where two videos would have the same results, or one's would be an input.
    private func checkResults(_ kinds: [ResultKind]) throws {
        var owners: [String: String] = [:]
        for video in videos {
            for path in VideoRun.paths(of: video, in: output, kinds: kinds).values {
                if let other = owners.updateValue(video, forKey: path) {
                    throw SegmentationError.output(
                        "\(other) and \(video) would both have the result \(path); segment them into folders of their own with --output"
                    )
                }
                if let real = realPath(path), videos.contains(where: { realPath($0) == real }) {
                    throw SegmentationError.output(
                        "the result \(path) would be written over a video of that name; name another folder with --output"
                    )
                }
            }
        }
    }
}
