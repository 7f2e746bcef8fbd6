import Files
import Foundation
import Torch
import TorchTraining

/// A checkpoint that is being written while training goes on: under another name, by all processes, each its own files. It appears by
/// ``commit()`` whole, and otherwise nothing of it stays.
package final class PendingCheckpoint {
    package let step: Int
    private let target: String
    /// Where it is until then.
    private let path: String
    /// The first rank's.
    private let staged: StagedFolder?
    private let writer: CheckpointWriter
    private let ranks: Ranks

    /// Brings the pieces together and copies them, as far as there is room, so that what they are of may change afterwards.
    ///
    /// - Parameters:
    ///   - target: The checkpoint's folder.
    ///   - room: Bytes of host memory for pieces that wait to be written.
    /// - Throws: ``TrainingError``, `FileError`, and what making a piece throws.
    init(_ contents: CheckpointContents, step: Int, target: String, ranks: Ranks, room: Int) throws {
        (self.step, self.target, self.ranks) = (step, target, ranks)
        staged = try ranks.agree { ranks.isFirst ? try StagedFolder(for: target) : nil }
        path = String(decoding: try ranks.gather(Array((staged?.path ?? "").utf8))[0], as: UTF8.self)
        writer = CheckpointWriter(path, room: room)
        try ranks.agree { [path] in
            guard isFolder(path) else { throw TrainingError.folderNotShared(target, rank: ranks.rank) }
        }
        for (name, group) in contents.groups.sorted(by: { $0.key < $1.key }) {
            try write(group, as: name)
        }
        guard ranks.isFirst else { return }
        for (name, bytes) in contents.documents.sorted(by: { $0.key < $1.key }) { writer.write(bytes, as: name) }
    }

    deinit { writer.cancel() }

    /// All ranks pass through all pieces; each writes its own.
    private func write(_ group: CheckpointContents.Group, as name: String) throws {
        let files = CheckpointFiles(name, group, worldSize: ranks.size)
        let own = files.name(ofOwner: ranks.rank)
        if let own { writer.begin(own, files.tensors(ofOwner: ranks.rank)) }
        for piece in group.pieces {
            let owner = group.owner(of: piece, worldSize: ranks.size)
            let values = try piece.make(owner)
            if owner == ranks.rank, let own, let values { writer.write(values, piece.tensors, to: own) }
        }
        if let own { writer.finish(own) }
        if ranks.isFirst, let index = try files.index() { writer.write(index, as: files.indexName) }
    }

    /// Whether all ranks have written their files, so that ``commit()`` need not wait.
    package func isWritten() throws -> Bool { try ranks.all(writer.isIdle) }

    /// Waits until all files are written and lets the checkpoint appear; one of the same step is replaced.
    ///
    /// - Throws: What prevented it, on all ranks. Nothing of it is left then.
    package func commit() throws {
        let own = try ranks.agree { try naming { try writer.finish() } }
        var entries: [String: CheckpointManifest.Entry] = [:]
        for part in try ranks.gather(prettyJSON(own)) {
            let files = try JSONDecoder().decode([String: CheckpointManifest.Entry].self, from: Data(part))
            entries.merge(files) { $1 }
        }
        try ranks.agree {
            guard let staged else { return }
            try naming {
                let manifest = CheckpointManifest(files: entries, worldSize: ranks.size)
                try AtomicFile.write(manifest.json(), to: "\(path)/\(FolderCheckpointStore.manifestName)")
            }
            try staged.commit(replacing: true)
        }
    }

    /// Errors name files where they were to appear.
    private func naming<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as FileError where error.path.hasPrefix("\(path)/") {
            throw FileError(path: target + error.path.dropFirst(path.count), reason: error.reason)
        }
    }
}
