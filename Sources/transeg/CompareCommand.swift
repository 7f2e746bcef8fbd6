import ArgumentParser
import Foundation
import SegmentationMetrics
import StableDiffusion3
import TransparencySegmentation

/// `transeg compare`: whether one evaluation is better than another.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Prints the differences between two evaluations of the same pictures, with intervals.",
        discussion: """
            Each picture is compared with itself, so that what makes a picture hard for both does not count. An asterisk marks \
            intervals without zero. per_image.csv must lie beside each metrics.json.

              transeg compare before/metrics.json after/metrics.json
            """)

    @Argument(help: ArgumentHelp("metrics.json of an evaluation, or its folder.", valueName: "A"))
    var first: String

    @Argument(help: ArgumentHelp("That of another.", valueName: "B"))
    var second: String

    @Flag(help: "Print one JSON array.")
    var json = false

    func run() throws {
        let (one, other) = (try Evaluation(first), try Evaluation(second))
        for warning in one.differences(from: other) { StandardStream.tell("Warning: \(warning)\n") }
        let comparison = try MetricsComparison(
            first: one.records, second: other.records, bootstrap: one.metrics.settings.bootstrap)
        guard json else { return print(MetricsTable.text(comparison)) }
        let rows = comparison.rows.map { row in
            Row(
                difficulty: row.difficulty?.rawValue ?? "all", protocolName: row.protocolName.rawValue,
                number: row.quantity.rawValue, first: row.first, second: row.second, difference: row.difference,
                interval: row.interval)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try StandardStream.output.write(encoder.encode(rows) + Data("\n".utf8))
    }

    /// One element of `--json`.
    private struct Row: Encodable {
        let difficulty: String
        let protocolName: String
        let number: String
        let first: Double
        let second: Double
        let difference: Double
        let interval: Interval

        enum CodingKeys: String, CodingKey {
            case difficulty, number, first, second, difference, interval
            case protocolName = "protocol"
        }
    }
}

/// A finished evaluation on disk.
private struct Evaluation {
    let path: String
    let metrics: Metrics
    let records: [ImageRecord]

    /// Throws `MetricsError`.
    init(_ argument: String) throws {
        path = isFolder(argument) ? (argument as NSString).appendingPathComponent("metrics.json") : argument
        metrics = try Metrics(contentsOf: path)
        let table = ((path as NSString).deletingLastPathComponent as NSString).appendingPathComponent(
            PerImageTable.fileName)
        records = try PerImageTable.read(contentsOf: table)
    }

    /// Why numbers of the two may not be comparable.
    func differences(from other: Evaluation) -> [String] {
        let (own, others) = (metrics.settings, other.metrics.settings)
        var differences: [String] = []
        if own.resolution != others.resolution { differences.append("the two were compared at different resolutions") }
        if own.threshold != others.threshold {
            differences.append("the thresholds are \(own.threshold) and \(others.threshold)")
        }
        if metrics.data != other.metrics.data { differences.append("the lists of files or the repair plans differ") }
        return differences
    }
}
