import Files
import Foundation
import Reports
package import Torch

/// `curves.svg`: loss with its running mean, learning rate, gradient norm, validation IoU, drawn from the log now and then and in the end.
@ComputeActor
package final class CurvesLogger: ExperimentLogger {
    private let path: String
    private var next = ContinuousClock.now.advanced(by: .seconds(10))

    /// - Parameter path: The folder with the log.
    package init(_ path: String) { self.path = path }

    package func log(update: any TrainingRecord) { drawIfDue() }
    package func log(validation: any TrainingRecord) { drawIfDue() }

    /// A drawing in between that fails costs nothing; and drawing takes at most a fiftieth of the time, however long the log is.
    private func drawIfDue() {
        let start = ContinuousClock.now
        guard start >= next else { return }
        try? draw()
        let end = ContinuousClock.now
        next = end.advanced(by: max(.seconds(30), start.duration(to: end) * 50))
    }

    /// Throws `FileError`.
    package func end(_ ending: TrainingEnding) throws { try draw() }

    private func draw() throws {
        guard let log = TrainingLog(path) else { return }
        try LinePlot(
            xLabel: "update",
            [
                .init(
                    "Loss", scale: .logarithmic,
                    [.init("each update", log.losses), .init("running mean", log.smoothedLosses)]),
                .init("Learning rate", [.init("", log.rates)]),
                .init("Gradient norm before clipping", scale: .logarithmic, [.init("", log.gradNorms)]),
                .init("Validation IoU", [.init("", log.validationIoUs)]),
            ]
        ).write(to: "\(path)/curves.svg")
    }
}
