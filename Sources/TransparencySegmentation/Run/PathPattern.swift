import Files
import Foundation
import Images

/// A pattern of paths as shells have them, for those that reach the program unexpanded: `*`, `?` and `[a-z]` within a name, `**` for folders
/// of any depth.
struct PathPattern {
    /// What is before the first name with a wildcard, with its slash; empty for the working folder.
    let prefix: String
    private let names: [String]

    /// nil of a path without wildcards.
    init?(_ path: String) {
        let parts = path.components(separatedBy: "/")
        guard let first = parts.firstIndex(where: { $0.contains { "*?[".contains($0) } }) else { return nil }
        prefix = parts[..<first].map { "\($0)/" }.joined()
        names = parts[first...].filter { !$0.isEmpty }
    }

    /// Whether it reaches folders of any depth.
    var isDeep: Bool { names.contains("**") }

    /// The files with a picture's suffix that match, in the order of names. Like a shell's, wildcards match no dot at the beginning of a
    /// name, and `**` follows no links.
    ///
    /// - Parameter output: A folder that is passed over.
    func matches(leavingOut output: String?) throws -> [String] {
        let output = output.flatMap(realPath)
        var found: [String] = []
        var seen: Set<[UInt8]> = []
        func descend(_ folder: String, _ rest: ArraySlice<String>) {
            guard let first = rest.first, realPath(folder) != output || output == nil else { return }
            if first == "**" {
                descend(folder, rest.count > 1 ? rest.dropFirst() : ["*"])
                for name in content(of: folder) where !name.hasPrefix(".") {
                    let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: folder + name)) != nil
                    if !isLink, isFolder(folder + name) { descend("\(folder)\(name)/", rest) }
                }
                return
            }
            for name in content(of: folder) where fnmatch(first, name, FNM_PERIOD) == 0 {
                let path = folder + name
                if rest.count > 1 {
                    if isFolder(path) { descend("\(path)/", rest.dropFirst()) }
                } else if ImageReader.isSupported(fileName: name), !isFolder(path),
                    seen.insert(FileName.key(path)).inserted
                {
                    found.append(path)
                }
            }
        }
        descend(prefix, names[...])
        return found.sorted()
    }

    private func content(of folder: String) -> [String] {
        // As for shells: what cannot be read matches nothing.
        (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder))?.sorted() ?? []
    }
}
