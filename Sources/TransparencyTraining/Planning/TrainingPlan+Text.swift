import Foundation
import Reports
import TorchTraining

extension TrainingPlan {
    /// What `--dry-run` prints.
    ///
    /// - Parameter speed: Floating-point operations a second that a large matrix product reaches on the run's device, where it is at hand.
    package func text(speed: Double?) -> String {
        let schedule = settings.schedule(pictureCount: pictureCount)
        let moments = Set([0, schedule.warmupSteps, totalSteps / 2, totalSteps - 1]).filter { $0 < totalSteps }
        let rates = moments.sorted().map {
            String(format: "%.3g at update %d", schedule.rate(at: $0), $0 + 1)
        }
        let processes = layout.processes == 1 ? "" : ", on \(layout.processes) processes"
        let lines =
            [
                ("pictures", "\(pictureCount), \(settings.training.effectiveBatchSize) an update" + processes),
                ("updates", "\(totalSteps), \(stepsPerEpoch) an epoch"),
                ("learning rate", rates.joined(separator: ", ")),
                ("trained numbers", "\(memory.trainedCount)"),
            ]
            + memory.parts.map { ($0.name, gibibytes($0.bytes)) }
            + [("together", gibibytes(memory.total) + (layout.processes == 1 ? "" : " for each process"))]
            + memory.hostParts.map { ("on the host, \($0.name)", gibibytes($0.bytes)) }
            + (memory.diskBytes > 0 ? [("in \(settings.compute.offloadTo)", gibibytes(memory.diskBytes))] : [])
            + (layout.processes == 1 ? [] : [("a host in all", gibibytes(memory.bytesPerHost))])
            + traffic.lines
            + [
                ("a checkpoint on disk", gibibytes(checkpointBytes)),
                ("work of an update", String(format: "%.3g TFLOP", updateFLOPs / 1e12)),
                ("time", time(speed: speed)),
            ]
        return aligned(lines)
    }

    /// A bound, and what it is a bound of.
    private func time(speed: Double?) -> String {
        guard let speed else { return "not known: the device is not on this machine" }
        let seconds = updateFLOPs / speed / Double(memory.isOnHost ? layout.hosts : layout.processes)
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

extension TrainingTraffic {
    /// What there is of it, of each process.
    var lines: [(String, String)] {
        [
            ("sent to other processes", wireBytes), ("between device and host", linkBytes),
            ("to and from files", diskBytes),
        ].filter { $0.1 > 0 }.map { ($0.0, String(format: "%.2f GB an update", $0.1 / 1e9)) }
    }
}

/// `24.00 GiB`.
func gibibytes(_ bytes: Int) -> String { String(format: "%.2f GiB", Double(bytes) / Double(1 << 30)) }

/// Names with their values in a column.
func aligned(_ lines: [(String, String)]) -> String {
    let width = (lines.map(\.0.count).max() ?? 0) + 2
    return lines.map { $0.0.padding(toLength: width, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
}
