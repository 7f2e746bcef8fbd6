import Files
import Foundation

/// A path with one `*` in its last part, such as `labels/*_mask.png`. The suffix is compared whatever its case.
struct FilePattern {
    let text: String
    private let folder: String
    private let prefix: String
    private let ending: String
    private let suffix: String

    /// Throws ``DatasetError/badPattern(_:)``.
    init(_ pattern: String) throws {
        let name = (pattern as NSString).lastPathComponent
        let parts = name.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
        folder = parentFolder(of: pattern)
        guard parts.count == 2, !folder.contains("*"), !pattern.hasPrefix("/") else {
            throw DatasetError.badPattern(pattern)
        }
        text = pattern
        prefix = parts[0]
        // Not by NSString, to which ".jpg" is a hidden file's name.
        let dot = parts[1].lastIndex(of: ".") ?? parts[1].endIndex
        ending = String(parts[1][..<dot])
        suffix = String(parts[1][dot...].dropFirst())
    }

    /// The pictures that match, by what the star stands for.
    ///
    /// Throws ``DatasetError`` when the folder is not there or two files differ by the case of their suffixes only.
    func files(in root: String) throws -> [String: String] {
        try DatasetFolder(root: root, path: folder).files { name in
            let fileSuffix = (name as NSString).pathExtension
            return suffix.isEmpty || fileSuffix.lowercased() == suffix.lowercased() ? star(of: name) : nil
        }
    }

    /// Files of formats that are not read whose names match but for the suffix.
    func unreadFiles(in root: String) throws -> [String: String] {
        try DatasetFolder(root: root, path: folder).unreadFiles(by: star)
    }

    private func star(of name: String) -> String? {
        let stem = (name as NSString).deletingPathExtension
        guard stem.hasPrefix(prefix), stem.hasSuffix(ending), stem.count > prefix.count + ending.count else {
            return nil
        }
        return String(stem.dropFirst(prefix.count).dropLast(ending.count))
    }
}
