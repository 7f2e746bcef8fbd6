import Torch

/// A tracker without which a run goes on: the first time that it fails is told.
@ComputeActor
final class ToleratedLogger: ExperimentLogger {
    private let name: TrainingSettings.Tracker
    private let logger: any ExperimentLogger
    private let tell: (String) -> Void
    private var hasFailed = false

    init(_ name: TrainingSettings.Tracker, _ logger: any ExperimentLogger, tell: @escaping (String) -> Void) {
        (self.name, self.logger, self.tell) = (name, logger, tell)
    }

    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            if !hasFailed {
                tell("Warning: the tracker \(name.rawValue) misses something, and the run goes on: \(error)")
            }
            hasFailed = true
        }
    }

    func log(update: any TrainingRecord) { attempt { try logger.log(update: update) } }
    func log(validation: any TrainingRecord) { attempt { try logger.log(validation: validation) } }
    func end(_ ending: TrainingEnding) { attempt { try logger.end(ending) } }
}
