import Foundation

/// Replaces a file in one step: readers see the old content or all of the new, never a part.
enum AtomicFile {
    /// Where the new content goes, in order.
    struct Output {
        fileprivate let descriptor: Int32
        fileprivate let path: String

        /// Appends all of `bytes`. Throws `fileAccess`, for instance when the disk is full.
        func write(_ bytes: UnsafeRawBufferPointer) throws {
            var rest = bytes
            while let start = rest.baseAddress, !rest.isEmpty {
                // Linux writes at most 2 GiB at a time, and a signal may interrupt it.
                #if canImport(Darwin)
                    let written = Darwin.write(descriptor, start, rest.count)
                #else
                    let written = Glibc.write(descriptor, start, rest.count)
                #endif
                if written < 0, errno == EINTR { continue }
                guard written > 0 else {
                    throw SafetensorsError.fileAccess(path: path, operation: "write", code: errno)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }

    /// Runs `body` on a temporary file beside `path`, flushes that to the disk and renames it to `path`.
    ///
    /// If anything throws, `body` included, the temporary file is removed and what was at `path` is untouched.
    static func write(to path: String, _ body: (Output) throws -> Void) throws {
        let folder = path.folderPrefix
        let temporary = "\(folder).safetensors-\(UUID().uuidString).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw SafetensorsError.fileAccess(path: temporary, operation: "create", code: errno)
        }
        do {
            defer { close(descriptor) }
            try body(Output(descriptor: descriptor, path: temporary))
            guard fsync(descriptor) == 0 else {
                throw SafetensorsError.fileAccess(path: temporary, operation: "flush", code: errno)
            }
            guard rename(temporary, path) == 0 else {
                throw SafetensorsError.fileAccess(path: path, operation: "replace", code: errno)
            }
        } catch {
            unlink(temporary)
            throw error
        }
        flushFolder(folder)
    }

    /// Makes the rename itself durable. The file is complete either way, and some file systems cannot flush a folder, so
    /// that a failure is no error.
    private static func flushFolder(_ folder: String) {
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

extension String {
    /// A path up to and including its last "/", or "" if it has none; a file name appended to it lies beside `self`.
    var folderPrefix: String {
        lastIndex(of: "/").map { String(self[...$0]) } ?? ""
    }
}
