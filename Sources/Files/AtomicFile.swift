import Foundation

/// Replaces a file in one step: readers, and a machine that loses power, see the old content or all of the new.
package enum AtomicFile {
    /// Where the new content goes, in order.
    package struct Output {
        fileprivate let descriptor: Int32
        fileprivate let path: String

        /// Appends all of `bytes`. Throws ``FileError``, for instance when the disk is full.
        package func write(_ bytes: UnsafeRawBufferPointer) throws {
            if let code = writeAll(bytes, to: descriptor) { throw FileError(path: path, code: code) }
        }
    }

    /// Removes what killed processes left of files that they were writing in a folder.
    package static func removeLeftovers(in folder: String) {
        TemporaryFile.removeLeftovers(in: URL(fileURLWithPath: folder).resolvingSymlinksInPath().path)
    }

    /// Puts `data` at `path`. Throws ``FileError``; what was there is then untouched.
    package static func write(_ data: [UInt8], to path: String) throws {
        try write(to: path) { output in try data.withUnsafeBytes(output.write) }
    }

    /// Runs `body` on a temporary file in the folder of `path`, flushes that to the disk and renames it to `path`.
    ///
    /// A symbolic link at `path` is replaced, and the file that it leads to stays: it may be anybody's, such as a photograph. If anything
    /// throws, `body` included, the temporary file is removed and what was at `path` is untouched. Throws ``FileError`` and what `body`
    /// throws.
    package static func write(to path: String, _ body: (Output) throws -> Void) throws {
        try FileError.requireName(path)
        let target = URL(fileURLWithPath: path)
        var status = stat()
        if stat(target.path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            // Renaming would put a plain file in the place of, say, /dev/null.
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or pipe"
            throw FileError(path: path, reason: "it is \(kind)")
        }
        let folder = target.deletingLastPathComponent().path
        TemporaryFile.removeLeftovers(in: folder)
        let temporary = try TemporaryFile(in: folder, for: path)
        try body(Output(descriptor: temporary.descriptor, path: path))
        guard uninterrupted({ fsync(temporary.descriptor) }) == 0,
            uninterrupted({ rename(temporary.path, target.path) }) == 0
        else { throw FileError(path: path, code: errno) }
        temporary.isMoved = true
        flushFolder(folder)
    }
}
