import Foundation

/// Why a video cannot be read or written. The description is one sentence for a person.
package enum VideoError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// ffmpeg or ffprobe is not installed.
    case noProgram(String)
    /// A file that is no video, or is none that ffmpeg reads.
    case unreadable(path: String, reason: String)
    /// What comes after so many frames cannot be decoded.
    case damaged(path: String, frames: Int, reason: String)
    /// What ffmpeg cannot write.
    case unwritable(path: String, reason: String)

    package var description: String {
        switch self {
        case .noProgram(let program):
            "\(program) is needed for videos and is not in PATH; install it, for instance: apt install ffmpeg"
        case .unreadable(let path, let reason): "\(path) cannot be read as a video: \(reason)"
        case .damaged(let path, let frames, let reason):
            "\(path) is damaged: frame \(frames) (the first is 0) cannot be decoded: \(reason); nothing was written"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        }
    }

    package var errorDescription: String? { description }
}
