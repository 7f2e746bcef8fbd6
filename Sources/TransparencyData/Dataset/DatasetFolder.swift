import Foundation
import Images

/// The files of one folder of a data set.
struct DatasetFolder {
    /// The data set's folder.
    let root: String
    /// The folder within it; empty for the root itself.
    let path: String

    var exists: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: absolute, isDirectory: &isFolder) && isFolder.boolValue
    }

    private var absolute: String { path.isEmpty ? root : "\(root)/\(path)" }

    /// Names of files in the folder that are not hidden. Throws ``DatasetError/unreadableFolder(_:reason:)``.
    private func names() throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: absolute).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw DatasetError.unreadableFolder(absolute, reason: error.localizedDescription)
        }
    }

    /// The folder's pictures by the part of their names that `stem` gives; names for which it gives nil are left out.
    ///
    /// Throws ``DatasetError/sameName(_:_:)`` when two have the same.
    func files(by stem: (String) -> String?) throws -> [String: String] {
        var files: [String: String] = [:]
        for name in try names() where ImageReader.isSupported(fileName: name) {
            guard let stem = stem(name) else { continue }
            let file = path.isEmpty ? name : "\(path)/\(name)"
            if let other = files.updateValue(file, forKey: stem) {
                throw DatasetError.sameName("\(root)/\(other)", "\(root)/\(file)")
            }
        }
        return files
    }

    /// The folder's other files likewise: pictures of formats that are not read, and what is no picture.
    func unreadFiles(by stem: (String) -> String?) throws -> [String: String] {
        var files: [String: String] = [:]
        for name in try names() where !ImageReader.isSupported(fileName: name) {
            if let stem = stem(name) { files[stem] = path.isEmpty ? name : "\(path)/\(name)" }
        }
        return files
    }
}
