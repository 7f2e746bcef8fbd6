import Foundation
import Torch
import TransparencyTraining

/// The progress bar of a training run.
@ComputeActor
final class ProgressLogger: ExperimentLogger {
    private var progress: Progress
    private var first = 0
    private let quiet: Bool

    init(total: Int, quiet: Bool) {
        progress = Progress(total: total, quiet: quiet, verb: "updates")
        self.quiet = quiet
    }

    /// Counts from the update that a run begins at.
    func begin(at first: Int, total: Int) {
        progress = Progress(total: total - first, quiet: quiet, verb: "updates")
        self.first = first
    }

    func log(update: any TrainingRecord) { progress.advance(to: update.step - first, note: update.summary) }

    func log(validation: any TrainingRecord) { log(message: validation.summary) }

    /// Warnings are shown to those too who asked for errors only.
    func log(message: String) {
        if !quiet || message.hasPrefix("Warning:") { progress.message(message) }
    }

    func end(_ ending: TrainingEnding) { progress.end() }
}
