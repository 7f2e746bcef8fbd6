import Files
package import Foundation
import Safetensors
import StableDiffusion3
package import Torch
import TorchNN

/// Checkpoints as folders `checkpoint-<step>`: a group of tensors is `<group>.safetensors`, or several files and their index where several processes
/// wrote it, a document a file of its name, and a manifest has the sizes and SHA-256 of all of them.
///
/// A checkpoint is written under another name, flushed and renamed, so that a folder of this name is whole.
package struct FolderCheckpointStore: CheckpointStore {
    package let folder: String
    private let opened = OpenedFiles()

    static let prefix = "checkpoint-"
    static let manifestName = "manifest.json"

    package init(_ folder: String) { self.folder = folder }

    package func name(of step: Int) -> String { "\(folder)/\(Self.prefix)\(step)" }

    /// The step of a folder's name; nil when it is no checkpoint's.
    static func step(ofName name: String) -> Int? {
        name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)) : nil
    }

    package var steps: [Int] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { isFolder("\(folder)/\($0)") }.compactMap(Self.step).sorted(by: >)
    }

    package func begin(
        _ contents: CheckpointContents, step: Int, ranks: Ranks, room: Int
    ) throws -> PendingCheckpoint {
        try PendingCheckpoint(contents, step: step, target: name(of: step), ranks: ranks, room: room)
    }

    package func replace(_ documents: [String: [UInt8]], of step: Int) throws {
        let target = name(of: step)
        var manifest = try manifest(of: step)
        try StagedFolder.write(to: target, replacing: true) { staged in
            for name in Set(manifest.files.keys).union(documents.keys).sorted() {
                let path = "\(staged.path)/\(name)"
                try staged.makeFolder(parentFolder(of: name))
                if let bytes = documents[name] {
                    try AtomicFile.write(bytes, to: path)
                    manifest.files[name] = .init(bytes)
                } else {
                    try staged.link("\(target)/\(name)", as: name)
                }
            }
            try AtomicFile.write(manifest.json(), to: "\(staged.path)/\(Self.manifestName)")
        }
    }

    package func manifest(of step: Int) throws -> CheckpointManifest {
        let path = name(of: step)
        guard isFolder(path) else { throw TrainingError.noCheckpoint(path) }
        func damaged(_ reason: String) -> TrainingError { .damagedCheckpoint(path, reason: reason) }
        guard let data = try? PlainFile.contents(of: "\(path)/\(Self.manifestName)"),
            let manifest = try? JSONDecoder().decode(CheckpointManifest.self, from: data)
        else { throw damaged("its manifest is missing or cannot be read") }
        guard manifest.formatVersion <= CheckpointManifest.version else {
            throw damaged("its format is \(manifest.formatVersion), of a later version of transeg")
        }
        return manifest
    }

    @discardableResult
    package func verify(_ step: Int, ranks: Ranks = Ranks()) throws -> Set<String> {
        let (path, manifest) = (name(of: step), try manifest(of: step))
        func damaged(_ reason: String) -> TrainingError { .damagedCheckpoint(path, reason: reason) }
        // The largest first, so that ranks have about the same to read.
        let files = manifest.files.sorted { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }
        for (name, entry) in ranks.share(of: files) {
            guard let found = try? CheckpointManifest.Entry(ofFile: "\(path)/\(name)") else {
                throw damaged("\(name) is missing or cannot be read")
            }
            guard found == entry else { throw damaged("\(name) has changed since it was written") }
        }
        return Set(manifest.files.keys.map { CheckpointFiles.group(ofFile: $0) ?? $0 })
    }

    package func tensors(_ group: String, of step: Int) throws -> [String: Tensor] {
        let path = "\(name(of: step))/\(group)"
        let index = path + CheckpointFiles.indexSuffix
        let isOneFile = !FileManager.default.fileExists(atPath: index)
        let collection = try SafetensorsCollection(path: isOneFile ? path + CheckpointFiles.suffix : index)
        opened.add(collection.files)
        return try collection.tensors()
    }

    package func releasePages() { opened.releasePages() }

    package func document(_ name: String, of step: Int) throws -> Data {
        guard let data = try? PlainFile.contents(of: "\(self.name(of: step))/\(name)") else {
            throw TrainingError.damagedCheckpoint(self.name(of: step), reason: "\(name) cannot be read")
        }
        return data
    }

    /// First from sight, then its files.
    package func remove(_ step: Int) throws {
        try StagedFolder.remove(name(of: step))
    }
}
