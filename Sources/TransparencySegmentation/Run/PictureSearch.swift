import Files
import Foundation
import Images

/// Finds the pictures that paths name: files as they are, folders by their pictures, patterns by what they match, lists by their lines.
package struct PictureSearch: Sendable {
    /// Whether folders within folders are searched too.
    package var isRecursive: Bool
    /// The folder that results go to, which is never searched.
    package var output: String?

    package init(isRecursive: Bool = false, output: String? = nil) {
        (self.isRecursive, self.output) = (isRecursive, output)
    }

    /// The pictures in the order of the paths, those of a folder in the order of names. One that is named twice is taken once.
    ///
    /// Pictures of a folder that is searched with all below it, and of a pattern with `**`, are named by their path below the folder, or
    /// below the part of the pattern before its first wildcard.
    ///
    /// - Parameter paths: Files, folders, patterns, and `-` for standard input.
    /// - Throws: ``SegmentationError/input(_:)`` when a path does not exist, or a folder or pattern has no pictures.
    package func pictures(_ paths: [String]) throws -> [NamedPicture] { once(try paths.flatMap(pictures(of:))) }

    /// The pictures that a list names, a file or folder a line, each named by its whole path as far as it is below the working folder, so
    /// that results keep the folders.
    ///
    /// - Throws: ``SegmentationError/input(_:)``.
    package func pictures(in list: PictureList) throws -> [NamedPicture] {
        let found = try list.paths.flatMap { path in
            try exists(path)
                ? isFolder(path)
                    ? walk(path).found.map { NamedPicture($0.source, name: listed("\(path)/\($0.name)")) }
                    : [NamedPicture(.file(path), name: listed(path))]
                : missing(path, in: list.name)
        }
        guard !found.isEmpty else { throw SegmentationError.input("\(list.name) names no pictures") }
        return once(found)
    }

    /// What folders hold besides pictures of formats that are read, a phrase such as "2 .gif, 1 without suffix, 1 folder"; nil for nothing.
    package func leftOut(of paths: [String]) -> String? {
        var others: [String: Int] = [:]
        // That a folder cannot be read is told where its pictures are looked for.
        for path in paths where path != "-" && isFolder(path) {
            others.merge((try? FolderWalk(path, isRecursive: isRecursive, leavingOut: output))?.leftOut ?? [:]) {
                $0 + $1
            }
        }
        let folderCount = others.removeValue(forKey: FolderWalk.folder) ?? 0
        let files = others.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        let all = files + (folderCount > 0 ? ["\(folderCount) \(folderCount == 1 ? "folder" : "folders")"] : [])
        return all.isEmpty ? nil : all.joined(separator: ", ")
    }

    private func pictures(of path: String) throws -> [NamedPicture] {
        if path == "-" { return [NamedPicture(.standardInput)] }
        guard exists(path) else {
            guard let pattern = PathPattern(path) else { return try missing(path) }
            let matches = try pattern.matches(leavingOut: output)
            guard !matches.isEmpty else {
                throw SegmentationError.input("the pattern \(path) matches no pictures (\(Self.formats))")
            }
            return matches.map {
                NamedPicture(.file($0), name: pattern.isDeep ? String($0.dropFirst(pattern.prefix.count)) : nil)
            }
        }
        guard isFolder(path) else { return [NamedPicture(.file(path))] }
        let walk = try walk(path)
        guard !walk.found.isEmpty else {
            throw SegmentationError.input(
                "the folder \(path) has no pictures (\(Self.formats)); "
                    + (isRecursive
                        ? "its subfolders have none either" : "subfolders are searched with --recursive only"))
        }
        return walk.found
    }

    private func walk(_ folder: String) throws -> (found: [NamedPicture], walk: FolderWalk) {
        let walk = try FolderWalk(folder, isRecursive: isRecursive, leavingOut: output)
        let found = walk.pictures.map {
            NamedPicture(.file((folder as NSString).appendingPathComponent($0)), name: $0)
        }
        return (found, walk)
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path) || FileName.isForeign(path)
    }

    private func missing(_ path: String, in list: String? = nil) throws -> [NamedPicture] {
        let place = list.map { "\($0): " } ?? ""
        if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
            throw SegmentationError.input(
                "\(place)\(path) is a link to \(target), which leads to no file; give the picture's own path")
        }
        throw SegmentationError.input("\(place)there is no file or folder \(path)")
    }

    /// A path below the working folder where it is there, else the whole path; without a slash at its head.
    private func listed(_ path: String) -> String {
        let own = FileManager.default.currentDirectoryPath
        let whole = URL(fileURLWithPath: path).standardizedFileURL.path
        return String((whole.hasPrefix("\(own)/") ? whole.dropFirst(own.count) : whole[...]).drop { $0 == "/" })
    }

    /// Two names of one file are two pictures: their results have two names.
    private func once(_ pictures: [NamedPicture]) -> [NamedPicture] {
        var seen: Set<[[UInt8]]> = []
        return pictures.filter {
            seen.insert([FileName.key($0.realPath ?? $0.source.name), FileName.key($0.name)]).inserted
        }
    }

    static var formats: String { ImageReader.formats.joined(separator: ", ") }
}
