import Foundation

/// A path that somebody names for a file to be written.
package enum OutputFile {
    /// Refuses what would take another file's place: a path in a folder of `inputs` or one of them, and any file that is there and has another
    /// suffix than what is written.
    ///
    /// - Parameter suffixes: What such files end in, in lower case, such as `html`.
    /// - Throws: ``FileError``.
    package static func check(_ path: String, suffixes: [String], inputs: [String]) throws {
        let target = real(path)
        for input in inputs.map(real) where target == input || target.hasPrefix(input + "/") {
            throw FileError(
                path: path,
                reason: target == input ? "it is an input" : "it would be among the input's files in \(input)")
        }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        guard suffixes.contains((path as NSString).pathExtension.lowercased()) else {
            throw FileError(
                path: path, reason: "a file is there that is no .\(suffixes[0]), and no other is overwritten")
        }
    }

    /// Without links on the way; the name itself need not be there.
    private static func real(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}
