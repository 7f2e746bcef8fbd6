import Foundation

/// What tells a file's content apart from an earlier one without reading it.
package struct FileState: Sendable, Equatable {
    package let size: Int
    /// Nanoseconds since 1970.
    package let modified: Int

    /// nil where there is no regular file, links followed.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        size = Int(status.st_size)
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        let (product, overflows) = Int(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        // A file may claim any time.
        modified = overflows ? (time.tv_sec < 0 ? .min : .max) : product &+ Int(time.tv_nsec)
    }
}
