package import Torch

/// A run: updates, validations, checkpoints, and the model in the end.
@ComputeActor
package final class TrainingLoop<Task: TrainingTask> {
    /// When what is done.
    package struct Schedule: Sendable {
        /// Updates between checkpoints; nil for none between.
        package var saveSteps: Int?
        /// Updates between validations; nil for none.
        package var valSteps: Int?
        /// The newest checkpoints that are kept, besides the best one.
        package var keepCheckpoints: Int

        package init(saveSteps: Int? = nil, valSteps: Int? = nil, keepCheckpoints: Int = 2) {
            (self.saveSteps, self.valSteps, self.keepCheckpoints) = (saveSteps, valSteps, keepCheckpoints)
        }
    }

    /// How a run ended.
    package enum Outcome: Sendable {
        case finished, interrupted
    }

    private let task: Task
    private let folder: String
    private let store: (any CheckpointStore)?
    private let schedule: Schedule
    private let loggers: [any ExperimentLogger]
    private let isInterrupted: @Sendable () -> Bool
    /// The step that needs no saving: the last one that was saved, or that the task began with.
    private var savedStep: Int

    /// - Parameters:
    ///   - folder: Of the run.
    ///   - store: Where checkpoints go; nil where none are kept.
    ///   - isInterrupted: Asked after each update; whether to save and leave.
    package init(
        _ task: Task, folder: String, store: (any CheckpointStore)?, schedule: Schedule,
        loggers: [any ExperimentLogger], isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) {
        (self.task, self.folder, self.store, self.schedule) = (task, folder, store, schedule)
        (self.loggers, self.isInterrupted) = (loggers, isInterrupted)
        savedStep = task.step
    }

    /// Does all updates that are left and writes the model. An error saves what was reached.
    ///
    /// - Throws: What the task, the store and the loggers throw.
    package func run() async throws -> Outcome {
        let outcome: Outcome
        do {
            outcome = try await runUpdates()
        } catch {
            // The first error is the one to tell.
            do {
                try save()
                if store == nil, task.step != savedStep { try await task.writeModel(in: folder, from: nil) }
            } catch let second {
                for logger in loggers { logger.log(message: "what was reached could not be saved: \(second)") }
            }
            for logger in loggers { try? logger.end() }
            throw error
        }
        for logger in loggers { try logger.end() }
        return outcome
    }

    private func runUpdates() async throws -> Outcome {
        while task.step < task.totalSteps {
            try await advance()
            if isInterrupted(), task.step < task.totalSteps {
                try save()
                if store == nil { try await task.writeModel(in: folder, from: nil) }
                return .interrupted
            }
        }
        try save()
        try await task.writeModel(in: folder, from: store)
        return .finished
    }

    /// An update with what is due after it.
    private func advance() async throws {
        let update = try await task.update()
        for logger in loggers { try logger.log(update: update) }
        if let warning = update.warning { for logger in loggers { logger.log(message: warning) } }
        let isLast = update.step >= task.totalSteps
        if let steps = schedule.valSteps, update.step % steps == 0 || isLast,
            let validation = try await task.validate(writingTo: "\(folder)/validation/\(update.step)")
        {
            for logger in loggers { try logger.log(validation: validation) }
        }
        let isDue = schedule.saveSteps.map { update.step % $0 == 0 } ?? false
        if isDue || isLast || task.bestStep == update.step { try save() }
    }

    private func save() throws {
        guard let store, savedStep != task.step, let contents = try task.checkpoint() else { return }
        try store.write(contents, step: task.step)
        savedStep = task.step
        try store.prune(keeping: schedule.keepCheckpoints, upTo: task.step, best: task.bestStep)
    }
}
