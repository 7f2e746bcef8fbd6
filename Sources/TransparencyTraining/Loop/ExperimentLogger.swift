package import Torch

/// Where a run tells how it goes: a log, a progress bar, a tracker.
@ComputeActor
package protocol ExperimentLogger: AnyObject {
    func log(update: any TrainingRecord) throws
    func log(validation: any TrainingRecord) throws
    /// Something that happened, for people.
    func log(message: String)
    /// The last thing that is called, in runs that fail too.
    func end(_ ending: TrainingEnding) throws
}

extension ExperimentLogger {
    package func log(message: String) {}
    package func end(_ ending: TrainingEnding) throws {}
}

/// How a run came to its end.
package enum TrainingEnding: Sendable {
    /// All updates are done and the model is written.
    case finished
    /// Somebody asked it to stop.
    case interrupted
    case failed
}
