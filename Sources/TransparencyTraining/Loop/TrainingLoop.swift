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
    private let ranks: Ranks
    /// Whether some process was asked to save and leave.
    private var isStopping = false
    /// The step that needs no saving: the last one that was saved, or that the task began with; nil where that is kept elsewhere.
    private var savedStep: Int?
    /// Whether the model is still to be looked at.
    private var isValidationPending: Bool { didSet { task.validationIsPending = isValidationPending } }

    /// - Parameters:
    ///   - folder: Of the run.
    ///   - store: Where checkpoints go; nil where none are kept.
    ///   - loggers: None but on the first of several processes.
    ///   - ranks: The processes of the run, each of which has a loop of the same.
    ///   - isInterrupted: Asked after each update; whether to save and leave.
    package init(
        _ task: Task, folder: String, store: (any CheckpointStore)?, schedule: Schedule,
        loggers: [any ExperimentLogger], ranks: Ranks = Ranks(),
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) {
        self.ranks = ranks
        (self.task, self.folder, self.store, self.schedule) = (task, folder, store, schedule)
        (self.loggers, self.isInterrupted) = (loggers, isInterrupted)
        let isKept = task.step == 0 || store?.steps.contains(task.step) ?? true
        savedStep = isKept ? task.step : nil
        isValidationPending = task.validationIsPending
    }

    /// Does all updates that are left and writes the model. An error saves what was reached.
    ///
    /// - Throws: What the task, the store and the loggers throw.
    package func run() async throws -> Outcome {
        defer {
            for logger in loggers {
                do { try logger.end() } catch { tell("Warning: \(error)") }
            }
        }
        do {
            return try await runUpdates()
        } catch {
            // The first error is the one to tell.
            do {
                // An error that the other processes do not know of finds them in the middle of something.
                if ranks.haveFailedTogether { try await rescue() }
            } catch let second {
                tell("Warning: what was reached could not be saved: \(second)")
            }
            guard let error = error as? TorchError, error.kind == .collective else { throw error }
            throw TrainingError.lostProcesses(step: task.step + 1, reason: "\(error)")
        }
    }

    private func tell(_ message: String) { for logger in loggers { logger.log(message: message) } }

    /// Keeps what was reached before an error, and says where it is.
    private func rescue() async throws {
        try save()
        if let store {
            guard task.step > 0, savedStep == task.step else { return }
            tell(
                "Warning: the run stopped early; \(store.name(of: task.step)) is what it had reached, continue with --resume-from-checkpoint latest"
            )
        } else if task.step != savedStep {
            try await task.writeModel(in: folder, from: nil)
            tell("Warning: the run stopped early; what was learnt until then is in \(folder)")
        }
    }

    private func runUpdates() async throws -> Outcome {
        // A run that was killed in the middle of a validation does it again.
        if isValidationPending { try await validate() }
        while task.step < task.totalSteps {
            try await advance()
            if isStopping, task.step < task.totalSteps {
                try save()
                if store == nil { try await task.writeModel(in: folder, from: nil) }
                return .interrupted
            }
            if isValidationPending { try await validate() }
        }
        try save()
        try await task.writeModel(in: folder, from: store)
        return .finished
    }

    /// An update, and a checkpoint where one is due: before the validation, which may fail.
    private func advance() async throws {
        let update = try await task.update()
        let isLast = update.step >= task.totalSteps
        isValidationPending = schedule.valSteps.map { update.step % $0 == 0 || isLast } ?? false
        try note(update)
        let isDue = schedule.saveSteps.map { update.step % $0 == 0 } ?? false
        if isDue || isLast { try save() }
    }

    /// Logs an update, and asks all processes whether to stop.
    private func note(_ update: Task.Update) throws {
        let result = Result { for logger in loggers { try logger.log(update: update) } }
        var hasFailed = false
        if case .failure = result { hasFailed = true }
        let states = try ranks.gather([isInterrupted() ? 1.0 : 0, hasFailed ? 1 : 0])
        isStopping = states.contains { $0[0] > 0 }
        if states.contains(where: { $0[1] > 0 }) { try ranks.agree(result) }
        if let warning = update.warning { tell(warning) }
    }

    /// Looks at the model and keeps what came of it. That it cannot be looked at does not end the run.
    private func validate() async throws {
        do {
            if let validation = try await task.validate(writingTo: "\(folder)/validation/\(task.step)") {
                isValidationPending = false
                try ranks.agree { for logger in loggers { try logger.log(validation: validation) } }
            }
        } catch  where isValidationPending && ranks.haveFailedTogether {
            let failure = FailedValidation(step: task.step, reason: "\(error)")
            try ranks.agree { for logger in loggers { try logger.log(validation: failure) } }
        }
        isValidationPending = false
        if savedStep == task.step {
            guard let store, let contents = try task.checkpoint() else { return }
            try ranks.first {
                try store.replace(contents.documents, of: task.step)
                try prune()
            }
        } else if task.bestStep == task.step {
            try save()
        }
    }

    private func save() throws {
        guard let store, savedStep != task.step, let contents = try task.checkpoint() else { return }
        try ranks.first { try store.write(contents, step: task.step) }
        savedStep = task.step
        try ranks.first { try prune() }
    }

    private func prune() throws {
        try store?.prune(keeping: schedule.keepCheckpoints, upTo: task.step, best: task.bestStep)
    }
}

/// A line of the log: why there is no validation.
private struct FailedValidation: TrainingRecord {
    let step: Int
    let reason: String

    enum CodingKeys: String, CodingKey {
        case step
        case reason = "val_error"
    }

    var summary: String {
        "Warning: the validation after update \(step) failed, and the run goes on without it: \(reason)"
    }
}
