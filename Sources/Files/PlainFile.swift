package import Foundation

/// Files that are read as a whole or from their beginning, never waited for: a pipe that nobody writes to, a socket or a device among files
/// is an error. What a shell gives a name of its own below `/dev` or `/proc`, such as `/dev/stdin` and `<(…)`, is taken.
package enum PlainFile {
    /// A descriptor of a file that is open for reading, which the caller closes. Throws ``FileReadError``.
    package static func descriptor(of path: String) throws -> Int32 {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            throw FileReadError(
                path: path, code: code, reason: FileName.isForeign(path) ? FileName.foreignReason : nil)
        }
        try check(status, path)
        // Opening a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileReadError(path: path, code: errno) }
        do {
            // A file may have become something else since.
            guard fstat(descriptor, &status) == 0 else { throw FileReadError(path: path, code: errno) }
            try check(status, path)
            if status.st_mode & S_IFMT == S_IFIFO {
                guard isShells(path) || hasWriter(descriptor) else { throw Self.noFile(path, "pipe") }
                // From here on reading waits for the writer.
                _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
            }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Throws ``FileReadError`` for what is neither a file nor a pipe.
    private static func check(_ status: stat, _ path: String) throws {
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFIFO: return
        case S_IFDIR: throw FileReadError(path: path, code: EISDIR)
        case S_IFSOCK: throw noFile(path, "socket")
        default: throw noFile(path, "device")
        }
    }

    private static func noFile(_ path: String, _ kind: String) -> FileReadError {
        FileReadError(path: path, code: 0, reason: "it is no regular file but a \(kind)")
    }

    /// Whether a pipe is one that a shell named, which has a writer or had one.
    private static func isShells(_ path: String) -> Bool { path.hasPrefix("/dev/") || path.hasPrefix("/proc/") }

    /// Whether somebody writes to a pipe within a second.
    private static func hasWriter(_ descriptor: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, 1000) == 1 && request.revents & Int16(POLLIN) != 0
    }

    /// Whether there is a regular file, or a link to one.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// All bytes. Throws ``FileReadError``.
    ///
    /// - Parameter limit: Bytes after which reading ends.
    package static func contents(of path: String, limit: Int = .max) throws -> Data {
        let descriptor = try descriptor(of: path)
        defer { close(descriptor) }
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while data.count < limit {
            let count = buffer.withUnsafeMutableBytes { part in
                uninterrupted { read(descriptor, part.baseAddress, min(part.count, limit - data.count)) }
            }
            guard count >= 0 else { throw FileReadError(path: path, code: errno) }
            if count == 0 { break }
            data.append(contentsOf: buffer[..<count])
        }
        return data
    }
}

/// A file could not be read.
package struct FileReadError: Error, Equatable, CustomStringConvertible, LocalizedError {
    package let path: String
    /// The system's number; 0 for what is no regular file.
    package let code: Int32
    /// The system's text, such as "Permission denied".
    package let reason: String

    package init(path: String, code: Int32, reason: String? = nil) {
        (self.path, self.code) = (path, code)
        self.reason = reason ?? String(cString: strerror(code))
    }

    /// Whether there is nothing at the path.
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }

    package var description: String { "\(path) cannot be read: \(reason)" }

    package var errorDescription: String? { description }
}
