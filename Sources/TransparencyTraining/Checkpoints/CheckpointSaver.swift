import Files
import Limits
package import Torch

/// Saves the checkpoints of a run while it goes on: one at a time, which every rank writes its part of.
@ComputeActor
package final class CheckpointSaver {
    package let store: any CheckpointStore
    private let ranks: Ranks
    /// The newest checkpoints that are kept, besides the best one.
    private let keepCheckpoints: Int
    private var pending: PendingCheckpoint?
    /// The step that needs no saving: the last one that was saved or is being, or that the run began with.
    package private(set) var savedStep: Int?

    package init(_ store: any CheckpointStore, ranks: Ranks, keepCheckpoints: Int, beginningAt step: Int) {
        (self.store, self.ranks, self.keepCheckpoints) = (store, ranks, keepCheckpoints)
        savedStep = step == 0 || store.steps.contains(step) ? step : nil
    }

    /// Begins to save a task as it is now, where that has not been done; waits for the checkpoint before. Throws what prevented either.
    package func begin(_ task: some TrainingTask) throws {
        guard savedStep != task.step, let contents = try task.checkpoint() else { return }
        try join(task)
        pending = try store.begin(contents, step: task.step, ranks: ranks, room: room(for: contents))
        savedStep = task.step
    }

    /// Half of what this process could take of its machine's memory. What is not in memory beforehand does not come there for a checkpoint.
    private func room(for contents: CheckpointContents) -> Int {
        contents.isInMemory ? MachineMemory.free / 2 / ranks.sizeOnMachine : 0
    }

    /// Lets a checkpoint appear that all ranks have written; does not wait for one. Throws what prevented it.
    package func poll(_ task: some TrainingTask) throws {
        if let pending, try pending.isWritten() { try join(task) }
    }

    /// Waits for the checkpoint that is being written, and removes those that are not kept any more. Throws what prevented it.
    package func join(_ task: some TrainingTask) throws {
        guard let pending else { return }
        self.pending = nil
        do { try pending.commit() } catch {
            if savedStep == pending.step { savedStep = nil }
            throw error
        }
        try prune(upTo: pending.step, best: task.bestStep)
    }

    /// Puts the documents of a task, which is saved, in the place of the checkpoint's.
    package func replaceDocuments(_ task: some TrainingTask) throws {
        try join(task)
        guard let contents = try task.checkpoint() else { return }
        try ranks.agree {
            if ranks.isFirst { try store.replace(contents.documents, of: task.step) }
        }
        try prune(upTo: task.step, best: task.bestStep)
    }

    /// Gives up the checkpoint that is being written.
    package func abandon() { pending = nil }

    private func prune(upTo step: Int, best: Int?) throws {
        try ranks.agree {
            if ranks.isFirst { try store.prune(keeping: keepCheckpoints, upTo: step, best: best) }
        }
    }
}
