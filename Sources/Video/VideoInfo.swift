import Files
import Foundation

/// What a video file says of its first video stream.
package struct VideoInfo: Sendable, Equatable {
    package let path: String
    /// Frames a second, a fraction such as 30000/1001.
    package let rate: FrameRate
    /// About how many frames there are; nil where nobody knows before they are decoded.
    package let frameCount: Int?
    /// How wide a pixel is to its height, of upright frames, such as `16/15`; nil for square ones.
    package let pixelAspect: String?

    /// Asks ffprobe.
    ///
    /// - Throws: ``VideoError``.
    package init(of path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw VideoError.unreadable(path: path, reason: "there is no such file")
        }
        // A pipe would be waited for, and is read twice here.
        guard PlainFile.exists(path) else {
            throw VideoError.unreadable(path: path, reason: "it is no regular file")
        }
        let probe = try Helper(
            "ffprobe",
            [
                "-v", "error",
            ] + Helper.bounds + [
                "-select_streams", "V:0", "-show_entries",
                "stream=r_frame_rate,avg_frame_rate,nb_frames,duration,sample_aspect_ratio:stream_side_data=rotation"
                    + ":stream_tags=rotate:format=duration", "-of", "json", Helper.file(path),
            ], .reading)
        let data = (try? probe.output?.readToEnd()) ?? Data()
        if let reason = probe.failure() { throw VideoError.unreadable(path: path, reason: reason) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let answer = try? decoder.decode(Answer.self, from: data), let stream = answer.streams?.first else {
            throw VideoError.unreadable(path: path, reason: "it has no video stream")
        }
        let average = FrameRate(stream.avgFrameRate ?? "")
        let base = FrameRate(stream.rFrameRate ?? "")
        // Of a constant rate the base is exact; of a varying one it is far from the average.
        let isConstant = average.flatMap { a in base.map { abs($0.value / a.value - 1) < 0.005 } } ?? true
        guard let rate = isConstant ? base ?? average : average else {
            throw VideoError.unreadable(path: path, reason: "it does not say how many frames a second it has")
        }
        let seconds = [stream.duration, answer.format?.duration].compactMap { $0.flatMap(Double.init) }.first
        let estimate = seconds.map { ($0 * rate.value).rounded() }.flatMap { (1...1e9).contains($0) ? Int($0) : nil }
        let stated = stream.nbFrames.flatMap { Int($0) }.flatMap { (1...1_000_000_000).contains($0) ? $0 : nil }
        frameCount = isConstant ? stated ?? estimate : estimate
        let turns = stream.sideDataList?.compactMap(\.rotation).first ?? stream.tags?.rotate.flatMap(Double.init) ?? 0
        pixelAspect = Self.aspect(
            stream.sampleAspectRatio, isTurned: abs(turns).truncatingRemainder(dividingBy: 180) == 90)
        (self.path, self.rate) = (path, rate)
    }

    private static func aspect(_ text: String?, isTurned: Bool) -> String? {
        let parts = (text ?? "").split(separator: ":").compactMap { Int($0) }
        guard parts.count == 2, parts.allSatisfy({ $0 > 0 }), parts[0] != parts[1] else { return nil }
        return isTurned ? "\(parts[1])/\(parts[0])" : "\(parts[0])/\(parts[1])"
    }

    /// Whether a file name has a video's suffix, in upper or lower case.
    package static func isVideo(fileName: String) -> Bool {
        suffixes.contains((fileName as NSString).pathExtension.lowercased())
    }

    private static let suffixes: Set = [
        "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "m2ts", "wmv", "flv", "3gp", "ogv",
    ]

    /// ffprobe's JSON.
    private struct Answer: Decodable {
        let streams: [Stream]?
        let format: Format?

        struct Format: Decodable { let duration: String? }
        struct Tags: Decodable { let rotate: String? }
        struct SideData: Decodable { let rotation: Double? }
        struct Stream: Decodable {
            let rFrameRate: String?
            let avgFrameRate: String?
            let nbFrames: String?
            let duration: String?
            let sampleAspectRatio: String?
            let sideDataList: [SideData]?
            let tags: Tags?
        }
    }
}

/// Frames a second as a fraction, for 29.97 is 30000/1001.
package struct FrameRate: Sendable, Equatable, CustomStringConvertible {
    package let numerator: Int
    package let denominator: Int

    /// nil of what is no rate between one frame in a thousand seconds and a thousand a second.
    package init?(_ text: String) {
        let parts = text.split(separator: "/").compactMap { Int($0) }
        guard parts.count == 2, parts[0] > 0, parts[1] > 0 else { return nil }
        (numerator, denominator) = (parts[0], parts[1])
        guard (0.001...1000).contains(value) else { return nil }
    }

    package var value: Double { Double(numerator) / Double(denominator) }
    package var description: String { "\(numerator)/\(denominator)" }
}
