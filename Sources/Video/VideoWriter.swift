import Files
import Foundation
package import Images

/// Writes frames as a video by ffmpeg, under a temporary name until all are written.
///
/// Pictures without alpha become H.264 in MP4, nearly lossless; with alpha ProRes 4444 in MOV, which editors read.
package final class VideoWriter {
    package let path: String
    private let staged: StagedFile
    private let helper: Helper
    private let size: (width: Int, height: Int, channels: Int)
    private var count = 0

    /// The suffix of a video of such pictures.
    package static func suffix(hasAlpha: Bool) -> String { hasAlpha ? "mov" : "mp4" }

    /// - Parameters:
    ///   - path: Where the video is to be, with the suffix that its frames need.
    ///   - first: A picture as all frames are: of its size, with as many channels.
    /// - Throws: ``VideoError``, `FileError`.
    package init(to path: String, like first: Image, info: VideoInfo) throws {
        (self.path, staged) = (path, try StagedFile(for: path))
        size = (first.width, first.height, first.channels)
        let format = [1: "gray", 3: "rgb24", 4: "rgba"][first.channels] ?? "rgb24"
        // Halved color planes need even sides.
        let planes = first.width % 2 == 0 && first.height % 2 == 0 ? "yuv420p" : "yuv444p"
        let encoding =
            first.channels == 4
            ? ["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le", "-f", "mov"]
            : ["-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-pix_fmt", planes, "-f", "mp4"]
        helper = try Helper(
            "ffmpeg",
            [
                "-hide_banner", "-v", "error", "-f", "rawvideo", "-pix_fmt", format, "-video_size",
                "\(first.width)x\(first.height)", "-framerate", "\(info.rate)", "-i", "pipe:0", "-vf",
                "scale=out_color_matrix=bt709:out_range=tv" + (info.pixelAspect.map { ",setsar=\($0)" } ?? ""),
                "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
            ] + encoding + ["-movflags", "+faststart", "-y", Helper.file(staged.path)], .writing)
    }

    /// What is not finished goes, and with it the file.
    deinit { helper.kill() }

    /// Appends a frame. Throws ``VideoError/unwritable(path:reason:)``, also of one that has another size.
    package func write(_ image: Image) throws {
        guard (image.width, image.height, image.channels) == size else {
            throw VideoError.unwritable(
                path: path,
                reason:
                    "frame \(count) is \(image.width) × \(image.height), and those before it were \(size.width) × \(size.height)"
            )
        }
        let code = image.pixels.withUnsafeBytes { writeAll($0, to: helper.input?.fileDescriptor ?? -1) }
        if let code {
            helper.stop()
            throw VideoError.unwritable(path: path, reason: helper.failure() ?? String(cString: strerror(code)))
        }
        count += 1
    }

    /// Ends the video and moves it to its place. Throws ``VideoError``, `FileError`.
    package func finish() throws {
        try? helper.input?.close()
        if let reason = helper.failure() { throw VideoError.unwritable(path: path, reason: reason) }
        try staged.finish()
    }
}
