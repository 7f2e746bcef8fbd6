import Files
import Foundation
import Torch

/// What `resume_from_checkpoint` comes to, the same on all ranks.
struct CheckpointChoice {
    /// nil for a run from the beginning.
    let checkpoint: TrainingCheckpoint?
    /// Whether the output folder must have no run in it: the run is new, or goes on from a checkpoint that is elsewhere.
    let beginsFolder: Bool

    /// A named one must be whole, of latest the newest that is. A launch that starts its processes anew goes on from the latest of its own, and
    /// from what it began with where there is none. Throws ``TrainingError``.
    init(
        _ asked: String?, isRestart: Bool, in store: FolderCheckpointStore, ranks: Ranks, tell: (String) -> Void
    ) throws {
        // What the first rank sees: others may be late to see what is new on their file system.
        let steps = try JSONDecoder().decode([Int].self, from: Data(ranks.broadcast(prettyJSON(store.steps))))
        let name = isRestart && (asked == nil || !steps.isEmpty) ? "latest" : asked
        guard let name else {
            (checkpoint, beginsFolder) = (nil, true)
            return
        }
        guard name == "latest" else {
            let named = try ranks.agree { try Self.named(name, in: store) }
            try named.verify(ranks)
            let folder = parentFolder(of: named.path)
            (checkpoint, beginsFolder) = (named, realPath(folder) != realPath(store.folder) && !isRestart)
            return
        }
        var damage: [TrainingError] = []
        let latest = try steps.first { step in
            do {
                try TrainingCheckpoint(store, step: step).verify(ranks)
                return true
            } catch let error as TrainingError {
                damage.append(error)
                return false
            }
        }
        if latest == nil, let first = damage.first {
            throw TrainingError.noWholeCheckpoint(store.folder, reason: "\(first)")
        }
        for error in damage { tell("Warning: \(error); trying the one before") }
        if latest == nil { tell("Warning: \(store.folder) has no checkpoint; beginning anew") }
        (checkpoint, beginsFolder) = (latest.map { TrainingCheckpoint(store, step: $0) }, false)
    }

    /// By its name in the output folder, or by its path.
    private static func named(_ name: String, in store: FolderCheckpointStore) throws -> TrainingCheckpoint {
        let own = "\(store.folder)/\(name)"
        if !name.hasPrefix("/"), isFolder(own) { return try TrainingCheckpoint(own) }
        return try TrainingCheckpoint(isFolder(name) || name.hasPrefix("/") ? name : own)
    }
}
