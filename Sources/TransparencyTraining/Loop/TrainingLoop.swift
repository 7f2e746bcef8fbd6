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
    /// Whether the model is still to be looked at.
    private var isValidationPending: Bool { didSet { task.validationIsPending = isValidationPending } }

    /// - Parameters:
    ///   - folder: Of the run.
    ///   - store: Where checkpoints go; nil where none are kept.
    ///   - ranks: The processes of the run; all of them have a loop of the same.
    ///   - isInterrupted: Asked after each update; whether to save and leave.
    package init(
        _ task: Task, folder: String, store: (any CheckpointStore)?, schedule: Schedule,
        ranks: Ranks = Ranks(), loggers: [any ExperimentLogger], isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) {
        (self.task, self.folder, self.schedule) = (task, folder, schedule)
        (self.ranks, self.loggers, self.isInterrupted) = (ranks, loggers, isInterrupted)
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
                try await rescue()
            } catch let second {
                tell("Warning: what was reached could not be saved: \(second)")
            }
            throw error
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
        // The other ranks may be elsewhere, or gone.
        guard ranks.size == 1 else { return saver.abandon() }
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
            if isInterrupted(), task.step < task.totalSteps {
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
        for logger in loggers { try logger.log(update: update) }
        if let warning = update.warning { tell(warning) }
        try saver?.poll(task)
        let isDue = schedule.saveSteps.map { update.step % $0 == 0 } ?? false
        if isDue || isLast { try saver?.begin(task) }
    }

    /// Looks at the model and keeps what came of it. That it cannot be looked at does not end the run.
    private func validate() async throws {
        // Whatever may happen meanwhile, what was learnt is kept.
        try saver?.join(task)
        do {
            if let validation = try await task.validate(writingTo: "\(folder)/validation/\(task.step)") {
                isValidationPending = false
                for logger in loggers { try logger.log(validation: validation) }
            }
        } catch  where isValidationPending {
            let failure = FailedValidation(step: task.step, reason: "\(error)")
            for logger in loggers { try logger.log(validation: failure) }
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
