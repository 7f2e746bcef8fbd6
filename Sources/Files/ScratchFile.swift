import Foundation
import Synchronization

/// Room on a disk that is this process's own for as long as it lives.
///
/// The file has no name: whatever ends the process, the system takes the room back, and nothing is left to be removed or to be mistaken for
/// another's.
package final class ScratchFile: Sendable {
    private let descriptor: Int32
    private let folder: String
    private let end = Mutex(0)

    /// Makes the folder where there is none. Throws ``FileError``.
    package init(in folder: String) throws {
        self.folder = folder
        try makeFolder(folder)
        let name = "\(folder)/.transeg-\(UUID().uuidString).tmp"
        descriptor = uninterrupted { open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else { throw FileError(path: folder, code: errno) }
        unlink(name)
    }

    deinit { close(descriptor) }

    /// Takes room for so many bytes and gives where it begins, at the start of a page. Later writes there cannot fail for want of room.
    ///
    /// Throws ``FileError``.
    package func reserve(_ byteCount: Int) throws -> Int {
        try end.withLock { end in
            let start = end
            let size = (max(1, byteCount) + 4095) & ~4095
            #if canImport(Darwin)
            let code = ftruncate(descriptor, off_t(start + size)) == 0 ? 0 : errno
            #else
            let code = posix_fallocate(descriptor, off_t(start), off_t(size))
            #endif
            guard code == 0 else { throw FileError(path: folder, code: code) }
            end = start + size
            return start
        }
    }

    /// Reads exactly as much as there is room for. Throws ``FileError``.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        var done = 0
        while done < buffer.count {
            let count = uninterrupted {
                pread(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset + done))
            }
            guard count > 0 else {
                let reason = count == 0 ? "its own file ends too soon" : String(cString: strerror(errno))
                throw FileError(path: folder, reason: "what was kept there cannot be read back: \(reason)")
            }
            done += count
        }
    }

    /// Writes all of it. Throws ``FileError``.
    package func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws {
        var done = 0
        while done < buffer.count {
            let count = uninterrupted {
                pwrite(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset + done))
            }
            guard count > 0 else { throw FileError(path: folder, code: errno) }
            done += count
        }
    }
}
