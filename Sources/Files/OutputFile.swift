import Foundation

/// A path that somebody names for a file to be written.
package enum OutputFile {
    /// Refuses what would take another file's place: a path in a folder of `inputs` or one of them, and any file that is there and has another
    /// suffix than what is written. And what cannot be written anyhow, which would be known at the end of the work only.
    ///
    /// - Parameter suffixes: What such files end in, in lower case, such as `html`.
    /// - Throws: ``FileError``.
    package static func check(_ path: String, suffixes: [String], inputs: [String]) throws {
        try FileError.requireName(path)
        let target = real(path)
        for input in inputs.map(real) where target == input || target.hasPrefix(input + "/") {
            throw FileError(
                path: path,
                reason: target == input ? "it is an input" : "it would be among the input's files in \(input)")
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { return try checkFolder(of: path) }
        if status.st_mode & S_IFMT == S_IFDIR { throw FileError(path: path, code: EISDIR) }
        if status.st_mode & S_IFMT == S_IFLNK { return try checkFolder(of: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { return }
        guard suffixes.contains((path as NSString).pathExtension.lowercased()) else {
            throw FileError(
                path: path, reason: "a file is there that is no .\(suffixes[0]), and no other is overwritten")
        }
        try checkFolder(of: path)
    }

    /// Throws ``FileError`` where no file can be made or replaced.
    private static func checkFolder(of path: String) throws {
        let folder = parentFolder(of: path)
        // The point tells a file that is no folder.
        guard access("\(folder.isEmpty ? "." : folder)/.", W_OK | X_OK) == 0 else {
            throw FileError(path: path, code: errno)
        }
    }

    /// Without links on the way; the name itself need not be there.
    private static func real(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}
