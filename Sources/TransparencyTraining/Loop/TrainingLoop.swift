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
    /// nil where no checkpoints are kept.
    private let saver: CheckpointSaver?
    private let schedule: Schedule
    private let loggers: [any ExperimentLogger]
    private let isInterrupted: @Sendable () -> Bool
    private let ranks: Ranks
    private let firstStep: Int
    /// Whether some process was asked to save and leave.
    private var isStopping = false
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
        (self.task, self.folder, self.schedule) = (task, folder, schedule)
        (self.loggers, self.isInterrupted) = (loggers, isInterrupted)
        saver = store.map {
            CheckpointSaver(
                $0, ranks: ranks, keepCheckpoints: schedule.keepCheckpoints, beginningAt: task.step)
        }
        firstStep = task.step
        isValidationPending = task.validationIsPending
    }

    /// Does all updates that are left and writes the model. An error saves what was reached.
    ///
    /// - Throws: What the task, the store and the loggers throw.
    package func run() async throws -> Outcome {
        var ending = TrainingEnding.failed
        defer {
            for logger in loggers {
                do { try logger.end(ending) } catch { tell("Warning: \(error)") }
            }
        }
        do {
            let outcome = try await runUpdates()
            ending = outcome == .finished ? .finished : .interrupted
            return outcome
        } catch {
            // The first error is the one to tell.
            do {
                // An error that the other processes do not know of finds them in the middle of something.
                if ranks.haveFailedTogether { try await rescue() } else { saver?.abandon() }
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
        guard let saver else {
            guard task.step != firstStep else { return }
            try await task.writeModel(in: folder, from: nil)
            return tell("Warning: the run stopped early; what was learnt until then is in \(folder)")
        }
        do { try saver.join(task) } catch {
            tell("Warning: the checkpoint before could not be written: \(error)")
        }
        try saver.begin(task)
        try saver.join(task)
        guard task.step > 0, saver.savedStep == task.step else { return }
        tell(
            "Warning: the run stopped early; \(saver.store.name(of: task.step)) is what it had reached, continue with --resume-from-checkpoint latest"
        )
    }

    private func runUpdates() async throws -> Outcome {
        // A run that was killed in the middle of a validation does it again.
        if isValidationPending { try await validate() }
        while task.step < task.totalSteps {
            try await advance()
            if isStopping, task.step < task.totalSteps {
                try saver?.begin(task)
                try saver?.join(task)
                if saver == nil { try await task.writeModel(in: folder, from: nil) }
                return .interrupted
            }
            if isValidationPending { try await validate() }
        }
        try saver?.begin(task)
        try saver?.join(task)
        try await task.writeModel(in: folder, from: saver?.store)
        return .finished
    }

    /// An update, and the beginning of a checkpoint where one is due.
    private func advance() async throws {
        let update = try await task.update()
        let isLast = update.step >= task.totalSteps
        isValidationPending = schedule.valSteps.map { update.step % $0 == 0 || isLast } ?? false
        try note(update)
        try saver?.poll(task)
        let isDue = schedule.saveSteps.map { update.step % $0 == 0 } ?? false
        if isDue || isLast { try saver?.begin(task) }
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
        // Whatever may happen meanwhile, what was learnt is kept.
        try saver?.join(task)
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
        if saver?.savedStep == task.step {
            try saver?.replaceDocuments(task)
        } else if task.bestStep == task.step {
            try saver?.begin(task)
        }
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
