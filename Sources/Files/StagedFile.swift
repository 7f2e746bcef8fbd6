import Foundation

/// A file that another program writes under a name of its own before it is moved to its place; removed where it is not.
package final class StagedFile {
    private let temporary: TemporaryFile
    private let target: String

    /// Where the other program writes.
    package var path: String { temporary.path }

    /// Throws ``FileError``, also where something is at the path that is no file.
    package init(for target: String) throws {
        let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
        guard !isFolder(target) else { throw FileError(path: target, reason: "it is a folder") }
        TemporaryFile.removeLeftovers(in: folder)
        (temporary, self.target) = (try TemporaryFile(in: folder, for: target), target)
    }

    /// Flushes the file to the disk and moves it to its place. Throws ``FileError``; what was there is then untouched.
    package func finish() throws {
        guard uninterrupted({ fsync(temporary.descriptor) }) == 0,
            uninterrupted({ rename(temporary.path, target) }) == 0
        else { throw FileError(path: target, code: errno) }
        temporary.isMoved = true
        flushFolder(URL(fileURLWithPath: target).deletingLastPathComponent().path)
    }
}
