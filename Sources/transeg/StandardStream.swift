import Foundation
import TransparencySegmentation

/// Writes to the program's own streams. Foundation's file handles end the process when a stream fails.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Writes everything. Throws `SegmentationError` when the stream takes no more, as a full disk does.
    func write(_ bytes: some Sequence<UInt8>) throws {
        let bytes = Array(bytes)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw SegmentationError.output("standard output cannot be written: \(String(cString: strerror(errno)))")
            }
            written += count
        }
    }

    /// Writes a line for people, which nothing depends on: that nobody can read it is no failure of the work.
    static func tell(_ text: String) { try? StandardStream.error.write(text.utf8) }
}
