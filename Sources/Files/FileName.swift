import Foundation

/// Names of files within what file systems take.
package enum FileName {
    /// Bytes of the longest name.
    static let limit = 255
    /// Bytes that the endings of what is written of a picture fit in, such as `_see-through.png`.
    package static let room = 20

    /// `stem`, or, where it leaves no room for an ending, its beginning with a hash of all of it.
    package static func stem(_ stem: String) -> String {
        guard stem.utf8.count + room > limit else { return stem }
        let mark = "-" + SHA256.digest(of: stem.utf8).prefix(12)
        var short = ""
        for character in stem {
            guard short.utf8.count + String(character).utf8.count + mark.utf8.count + room <= limit else { break }
            short.append(character)
        }
        return short + mark
    }

    /// What tells a name from others on file systems that compare bytes: Swift takes a letter with an accent and a letter that an accent follows
    /// for the same.
    package static func key(_ name: String) -> [UInt8] { Array(name.utf8) }

    /// Whether a file is there whose name is no UTF-8, so that its bytes cannot be told from the path as text.
    package static func isForeign(_ path: String) -> Bool {
        guard path.contains("\u{FFFD}") else { return false }
        let name = (path as NSString).lastPathComponent
        let folder = parentFolder(of: path)
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)
        return names?.contains(name) ?? false
    }

    /// What is wrong with the name of such a file, after the path.
    package static let foreignReason = "its name is not UTF-8; rename the file"
}
