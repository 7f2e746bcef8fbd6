import Files
import Foundation
import Images

/// The pictures of a folder, and what else is in it. Names that begin with a dot are passed over.
struct FolderWalk {
    /// Paths below the folder, in the order of names.
    private(set) var pictures: [String] = []
    /// How many of what is no picture there are, by a phrase such as ".gif".
    private(set) var leftOut: [String: Int] = [:]
    /// Every folder that was searched, itself among them.
    private(set) var folders: [String] = []

    static let folder = "folder"

    private let isRecursive: Bool
    private let output: String?

    /// - Parameters:
    ///   - isRecursive: Whether folders below are searched too; links to folders never are, for they may lead in a circle.
    ///   - output: A folder that is passed over.
    /// - Throws: ``SegmentationError/input(_:)`` of a folder that cannot be read.
    init(_ folder: String, isRecursive: Bool, leavingOut output: String?) throws {
        (self.isRecursive, self.output) = (isRecursive, output.flatMap(realPath))
        try add(folder, below: "")
    }

    private mutating func add(_ folder: String, below prefix: String) throws {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw SegmentationError.input("the folder \(folder) cannot be read: \(error.localizedDescription)")
        }
        folders.append(folder)
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = (folder as NSString).appendingPathComponent(name)
            if isFolder(path) {
                if output != nil, realPath(path) == output { continue }
                let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
                if isRecursive, !isLink {
                    try add(path, below: "\(prefix)\(name)/")
                } else {
                    leftOut[Self.folder, default: 0] += 1
                }
            } else if ImageReader.isSupported(fileName: name) {
                pictures.append(prefix + name)
            } else {
                let suffix = (name as NSString).pathExtension.lowercased()
                leftOut[suffix.isEmpty ? "without suffix" : ".\(suffix)", default: 0] += 1
            }
        }
    }
}
