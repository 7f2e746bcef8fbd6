import Foundation

/// A file or folder could not be written; whatever was at the path before is still there.
package struct FileError: Error, Equatable, CustomStringConvertible, LocalizedError {
    package let path: String
    /// The system's text, such as "No space left on device".
    package let reason: String

    package init(path: String, reason: String) {
        (self.path, self.reason) = (path, reason)
    }

    package init(path: String, code: Int32) {
        self.init(path: path, reason: String(cString: strerror(code)))
    }

    /// For what is never written over.
    package static func taken(_ path: String) -> FileError {
        FileError(path: path, reason: "something is there already; name a folder that does not exist yet")
    }

    /// Throws of an empty path, such as of a shell's variable that is not set: it would mean the working folder, or a file without a name.
    package static func requireName(_ path: String) throws(FileError) {
        guard path.isEmpty else { return }
        throw FileError(path: "what has no name", reason: "its path is empty; name a file or folder")
    }

    package var description: String { "\(path) cannot be written: \(reason)" }

    package var errorDescription: String? { description }
}
