import ArgumentParser
import Foundation
import SegmentationMetrics
import TransparencyEvaluation
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
        let (one, other) = (try FinishedEvaluation(first), try FinishedEvaluation(second))
        for warning in one.differences(from: other) { StandardStream.tell("Warning: \(warning)\n") }
        let comparison = try one.compared(to: other)
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
