import Foundation

/// A folder that one process at a time works in; held for as long as this lives, and let go when the process ends however it ends.
package final class FolderLock: Sendable {
    private let descriptor: Int32
    /// Why nothing guards the folder, such as a file system without locks; nil where it is guarded.
    package let weakness: String?

    /// Another process holds it.
    package struct Taken: Error {}

    /// Throws ``Taken``, and ``FileError`` when the folder cannot be opened.
    package init(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
            weakness = nil
            return
        }
        let code = errno
        guard code != EWOULDBLOCK else {
            close(descriptor)
            throw Taken()
        }
        // Some network file systems have none, or none for folders.
        weakness = String(cString: strerror(code))
    }

    /// What to tell a person of a folder that is not guarded; nil where it is.
    package func warning(for path: String) -> String? {
        weakness.map {
            "Warning: \(path) cannot be locked (\($0)), as on file systems without locks; see to it that nothing else writes there"
        }
    }

    deinit { close(descriptor) }
}
