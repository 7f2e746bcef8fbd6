import Foundation

/// A file that grows record by record; one that could not be written wholly leaves nothing behind.
package final class GrowingFile {
    private let path: String
    private let descriptor: Int32

    /// Opens a file that is there, to write after its end. Throws ``FileError``.
    package init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    }

    deinit { close(descriptor) }

    /// Appends a record. Throws ``FileError``, for instance when the disk is full, or when somebody deleted the file, whose
    /// records nobody would ever see.
    package func append(_ record: some Sequence<UInt8>) throws {
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_nlink == 0 {
            throw FileError(path: path, reason: "it was deleted while it was written")
        }
        let start = lseek(descriptor, 0, SEEK_END)
        guard let code = Array(record).withUnsafeBytes({ writeAll($0, to: descriptor) }) else { return }
        if start >= 0 { ftruncate(descriptor, start) }
        throw FileError(path: path, code: code)
    }
}
