import Dispatch
import Foundation
package import Images
import Synchronization

/// One picture of a video.
package struct VideoFrame: Sendable {
    /// From 0 on.
    package let index: Int
    /// RGB, upright.
    package let image: Image
}

/// The frames of a video in order, decoded by ffmpeg as they are asked for: it waits while nobody asks, so that memory is that of a frame.
///
/// Frames come at the constant rate of ``VideoInfo/rate``, turned upright. What ended the sequence early is ``failure``.
package final class VideoReader: AsyncSequence, Sendable {
    package typealias Element = VideoFrame

    private let path: String
    private let helper: Helper
    private let state = Mutex<(count: Int, failure: VideoError?, isOver: Bool)>((0, nil, false))
    /// Reading blocks, which threads of tasks must not.
    private let queue = DispatchQueue(label: "video frames")
    private static let pixelLimit = 1 << 28

    /// Starts ffmpeg. Throws ``VideoError/noProgram(_:)``.
    package init(_ info: VideoInfo) throws {
        path = info.path
        helper = try Helper(
            "ffmpeg",
            [
                "-hide_banner", "-nostdin", "-v", "error", "-xerror",
            ] + Helper.bounds + [
                "-i", Helper.file(info.path), "-map", "0:V:0", "-vf", "fps=\(info.rate)", "-f", "image2pipe", "-c:v",
                "ppm",
                "-pix_fmt", "rgb24", "pipe:1",
            ], .reading)
    }

    deinit { helper.stop() }

    /// Why the sequence ended before the video did; nil where it did not.
    package var failure: VideoError? { state.withLock { $0.failure } }

    /// How many frames were given.
    package var count: Int { state.withLock { $0.count } }

    /// Ends the decoding early.
    package func stop() { helper.stop() }

    package func makeAsyncIterator() -> Iterator { Iterator(reader: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let reader: VideoReader

        package mutating func next() async -> VideoFrame? {
            await withCheckedContinuation { continuation in
                reader.queue.async { [reader] in continuation.resume(returning: reader.next()) }
            }
        }
    }

    private func next() -> VideoFrame? {
        let (count, isOver) = state.withLock { ($0.count, $0.isOver) }
        guard !isOver else { return nil }
        do {
            guard let image = try readImage() else {
                if let reason = helper.failure() { throw VideoError.damaged(path: path, frames: count, reason: reason) }
                if count == 0 { throw VideoError.unreadable(path: path, reason: "it has no frames") }
                state.withLock { $0.isOver = true }
                return nil
            }
            state.withLock { $0.count += 1 }
            return VideoFrame(index: count, image: image)
        } catch {
            helper.stop()
            let failure = error as? VideoError ?? .damaged(path: path, frames: count, reason: "\(error)")
            state.withLock { ($0.failure, $0.isOver) = (failure, true) }
            return nil
        }
    }

    /// The next picture as a PPM file, which tells its size; nil at the end.
    private func readImage() throws -> Image? {
        var words: [Int] = []
        var word: [UInt8] = []
        guard let first = byte() else { return nil }
        guard first == UInt8(ascii: "P"), byte() == UInt8(ascii: "6"), byte() == 10 else { throw broken }
        while words.count < 3 {
            guard let next = byte() else { throw broken }
            if next == 10 || next == 32 {
                guard let number = Int(String(decoding: word, as: UTF8.self)) else { throw broken }
                words.append(number)
                word = []
            } else {
                word.append(next)
                guard word.count < 8 else { throw broken }
            }
        }
        let (width, height) = (words[0], words[1])
        guard width > 0, height > 0, words[2] == 255, width <= Self.pixelLimit / height else {
            throw VideoError.unreadable(path: path, reason: "its frames have \(width) × \(height) pixels")
        }
        var pixels = [UInt8](repeating: 0, count: 3 * width * height)
        guard pixels.withUnsafeMutableBytes({ fill($0) }) else { throw broken }
        return try Image(width: width, height: height, channels: 3, pixels: pixels)
    }

    /// In the middle of a frame, when ffmpeg ended.
    private var broken: VideoError {
        .damaged(path: path, frames: count, reason: helper.failure() ?? "its end is missing")
    }

    private func byte() -> UInt8? {
        var byte: UInt8 = 0
        return withUnsafeMutableBytes(of: &byte) { fill($0) } ? byte : nil
    }

    /// Whether there were as many bytes.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard let descriptor = helper.output?.fileDescriptor else { return false }
        var rest = buffer[...]
        while !rest.isEmpty {
            let part = UnsafeMutableRawBufferPointer(rebasing: rest)
            let count = read(descriptor, part.baseAddress, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest[(rest.startIndex + count)...]
        }
        return true
    }
}
