import Foundation
import Reports
import SyntheticScenes
import TorchTraining
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

extension TrainingPlan {
    /// What `--dry-run` prints.
    var text: String {
        func gigabytes(_ bytes: Int) -> String { String(format: "%.2f GiB", Double(bytes) / Double(1 << 30)) }
        let schedule = settings.schedule(pictureCount: pictureCount)
        let moments = Set([0, schedule.warmupSteps, totalSteps / 2, totalSteps - 1]).filter { $0 < totalSteps }
        let rates = moments.sorted().map {
            String(format: "%.3g at update %d", schedule.rate(at: $0), $0 + 1)
        }
        let lines =
            [
                ("pictures", "\(pictureCount), \(settings.training.effectiveBatchSize) an update"),
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
            ]
        let width = (lines.map(\.0.count).max() ?? 0) + 2
        return lines.map { $0.0.padding(toLength: width, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
    }

    /// Draws the learning rate of each update. Throws `FileError`.
    func plotSchedule(to path: String) throws {
        let schedule = settings.schedule(pictureCount: pictureCount)
        let points = (0..<totalSteps).map { (x: Double($0 + 1), y: schedule.rate(at: $0)) }
        try LinePlot(xLabel: "update", [.init("Learning rate", [.init("", points)])]).write(to: path)
    }
}
