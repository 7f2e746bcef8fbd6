import Foundation
import Reports
import TorchTraining

extension TrainingPlan {
    /// What `--dry-run` prints.
    ///
    /// - Parameter speed: Floating-point operations a second that a large matrix product reaches on the run's device, where it is at hand.
    package func text(speed: Double?) -> String {
        func gigabytes(_ bytes: Int) -> String { String(format: "%.2f GiB", Double(bytes) / Double(1 << 30)) }
        let schedule = settings.schedule(pictureCount: pictureCount)
        let moments = Set([0, schedule.warmupSteps, totalSteps / 2, totalSteps - 1]).filter { $0 < totalSteps }
        let rates = moments.sorted().map {
            String(format: "%.3g at update %d", schedule.rate(at: $0), $0 + 1)
        }
        let processCount = settings.training.processCount
        let processes = processCount == 1 ? "" : " of \(processCount) processes"
        let lines =
            [
                ("pictures", "\(pictureCount), \(settings.training.effectiveBatchSize) an update" + processes),
                ("updates", "\(totalSteps), \(stepsPerEpoch) an epoch"),
                ("learning rate", rates.joined(separator: ", ")),
                ("trained numbers", "\(memory.trainedCount)"),
            ]
            + memory.parts.map { ($0.name, gigabytes($0.bytes)) }
            + [
                ("together", gigabytes(memory.total)),
                ("besides, on the host", gigabytes(memory.hostBytes) + " for pictures that are read ahead"),
                ("the program itself", gigabytes(TrainingMemory.programBytes)),
                ("a checkpoint on disk", gigabytes(checkpointBytes)),
                ("work of an update", String(format: "%.3g TFLOP", updateFLOPs / 1e12)),
                ("time", time(speed: speed)),
            ]
        let width = (lines.map(\.0.count).max() ?? 0) + 2
        return lines.map { $0.0.padding(toLength: width, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
    }

    /// A bound, and what it is a bound of.
    private func time(speed: Double?) -> String {
        guard let speed else { return "not known: the device is not on this machine" }
        let seconds = updateFLOPs / speed / Double(settings.training.processCount)
        let total = Duration.seconds(seconds * Double(totalSteps)).formatted(
            .units(allowed: [.days, .hours, .minutes, .seconds], width: .narrow, maximumUnitCount: 2))
        return String(
            format:
                "at least %.3g s an update, \(total) in all, at the %.3g TFLOP/s of a matrix product here; bench train measures updates",
            seconds, speed / 1e12)
    }

    /// Draws the learning rate of each update. Throws `FileError`.
    package func plotSchedule(to path: String) throws {
        let schedule = settings.schedule(pictureCount: pictureCount)
        let points = (0..<totalSteps).map { (x: Double($0 + 1), y: schedule.rate(at: $0)) }
        try LinePlot(xLabel: "update", [.init("Learning rate", [.init("", points)])]).write(to: path)
    }
}
