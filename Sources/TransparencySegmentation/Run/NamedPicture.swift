import Files
import Foundation

/// A picture to segment, under the name that its results have.
package struct NamedPicture: Sendable, Hashable {
    package let source: PictureSource
    /// The file's name, or its path below the folder that was searched: what annotations call it.
    package let name: String

    package init(_ source: PictureSource, name: String? = nil) {
        (self.source, self.name) = (source, name ?? source.fileName)
    }

    /// The name without suffix, which a result's ending is put after. A file's name that leaves no room for one is shortened and has a hash.
    var stem: String { Self.stem(of: name) }

    static func stem(of name: String) -> String {
        let (folder, file) = (parentFolder(of: name), (name as NSString).lastPathComponent)
        let stem = FileName.stem((file as NSString).deletingPathExtension)
        return folder.isEmpty ? stem : (folder as NSString).appendingPathComponent(stem)
    }

    /// Where the file is when all links are followed; nil of standard input, and where there is none.
    var realPath: String? {
        guard case .file(let path) = source else { return nil }
        return Files.realPath(path)
    }
}
