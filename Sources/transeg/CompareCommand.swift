import ArgumentParser
import SegmentationMetrics
import TransparencyEvaluation
import TransparencyTraining

/// `transeg compare`: whether one evaluation, or training run, is better than another.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract:
            "Prints the differences between two evaluations of the same pictures, with intervals, or between two training runs.",
        discussion: """
            Each picture is compared with itself, so that what makes a picture hard for both does not count. An asterisk marks \
            intervals without zero. per_image.csv must lie beside each metrics.json. Two training runs are compared by their log.jsonl.

              transeg compare before/ after/ --report compare.html
              transeg compare run1/ run2/ --report runs.html
            """)

    @Argument(
        help: ArgumentHelp("An evaluation's folder or its metrics.json, or a training run's folder.", valueName: "A"),
        completion: .file())
    var first: String

    @Argument(help: ArgumentHelp("Another of the same kind.", valueName: "B"), completion: .file())
    var second: String

    @Option(
        help: ArgumentHelp(
            "Also write a page: of evaluations with each picture's change, of runs with their curves in one drawing.",
            valueName: "file.html"), completion: .file(extensions: ["html"]))
    var report: String?

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        try checkOutput("--report", report, suffixes: ["html", "htm"], inputs: [first, second])
    }

    func run() throws {
        if let runs = RunComparison(first, second) {
            try report.map { try runs.write(to: $0) }
            return try print(json ? runs.json() : runs.text)
        }
        let (one, other) = (try FinishedEvaluation(first), try FinishedEvaluation(second))
        let warnings = one.differences(from: other)
        for warning in warnings { StandardStream.tell("Warning: \(warning)") }
        for method in one.methods(comparedTo: other) { StandardStream.tell("Note: \(method)") }
        let comparison = try one.compared(to: other)
        try report.map { path in
            try ComparisonReport(
                names: (first, second), comparison: comparison, warnings: warnings, first: one.records,
                second: other.records
            ).write(to: path)
        }
        try print(json ? comparison.json() : MetricsTable.text(comparison))
    }
}
