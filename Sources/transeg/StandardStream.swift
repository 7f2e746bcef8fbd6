import ArgumentParser
import Files
import Foundation
import Reports
import TransparencySegmentation

/// Writes to the program's own streams. Foundation's file handles end the process when a stream fails.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Writes everything. Throws `SegmentationError` when the stream takes no more, as a full disk does.
    func write(_ bytes: some Sequence<UInt8>) throws {
        guard let code = Array(bytes).withUnsafeBytes({ writeAll($0, to: rawValue) }) else { return }
        // As the signal, where it is not ignored: the reader has seen enough.
        if code == EPIPE { throw ExitCode(128 + SIGPIPE) }
        throw SegmentationError.output("standard output cannot be written: \(String(cString: strerror(code)))")
    }

    /// Puts something into the place of streams that whoever started the program has closed: the next file that is opened would be taken for
    /// them. Reading and writing fail then, each with the reason that they are closed.
    static func occupyClosed() {
        for (number, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(number, F_GETFD) < 0 {
            _ = open("/dev/null", mode)
        }
    }

    /// Writes a line for people, which nothing depends on: that nobody can read it is no failure of the work.
    static func tell(_ line: String) { try? StandardStream.error.write((TerminalText.escaped(line) + "\n").utf8) }
}

/// In place of Swift's own function, which says nothing when a full disk loses the text. Throws as ``StandardStream/write(_:)`` does.
func print(_ text: String) throws {
    let shown = isatty(STDOUT_FILENO) == 1 ? TerminalText.escaped(text, keepsLines: true) : text
    try StandardStream.output.write((shown + "\n").utf8)
}
