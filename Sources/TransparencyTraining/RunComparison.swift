import Files
import Foundation
import Reports

/// Two training runs beside each other, by their logs.
package struct RunComparison: Sendable {
    private let runs: [(name: String, log: TrainingLog)]

    /// Nil unless both paths are runs: folders with `log.jsonl`, or that file.
    package init?(_ first: String, _ second: String) {
        var runs: [(name: String, log: TrainingLog)] = []
        for path in [first, second] {
            let isLog = (path as NSString).lastPathComponent == JSONLinesLogger.name
            let parent = parentFolder(of: path)
            guard let log = TrainingLog(isLog ? (parent.isEmpty ? "." : parent) : path) else { return nil }
            runs.append((path, log))
        }
        self.runs = runs
    }

    /// A number of both runs.
    private struct Row {
        let heading: String
        let key: String
        let format: String
        let values: [Double?]

        var texts: [String] { values.map { value in value.map { String(format: format, $0) } ?? "-" } }
    }

    private var rows: [Row] {
        func row(_ heading: String, _ key: String, _ format: String, _ value: (TrainingLog) -> Double?) -> Row {
            Row(heading: heading, key: key, format: format, values: runs.map { value($0.log) })
        }
        return [
            row("updates", "updates", "%.0f") { $0.losses.last?.x },
            row("last loss, running mean", "last_loss", "%.4f") { $0.smoothedLosses.last?.y },
            row("least loss, running mean", "least_loss", "%.4f") { $0.smoothedLosses.map(\.y).min() },
            row("best validation IoU", "best_val_iou", "%.4f") { $0.bestValidation?.y },
            row("after update", "best_val_step", "%.0f") { $0.bestValidation?.x },
            row("last validation IoU", "last_val_iou", "%.4f") { $0.validationIoUs.last?.y },
            row("largest learning rate", "largest_lr", "%.2e") { $0.rates.map(\.y).max() },
            row("seconds an update, median", "seconds_per_update", "%.3f") { $0.secondsPerUpdate },
        ]
    }

    /// A table for a terminal.
    package var text: String {
        ([("", ["A", "B"])] + rows.map { ($0.heading, $0.texts) }).map { heading, texts in
            ([heading.padding(toLength: 28, withPad: " ", startingAt: 0)]
                + texts.map { String(repeating: " ", count: max(1, 18 - $0.count)) + $0 }).joined()
        }.joined(separator: "\n")
    }

    /// One element of the array; what a run has not is null.
    private struct Element: Encodable {
        let number: String
        let first: Double?
        let second: Double?

        enum CodingKeys: CodingKey { case number, first, second }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(number, forKey: .number)
            try container.encode(first, forKey: .first)
            try container.encode(second, forKey: .second)
        }
    }

    /// The rows as a JSON array, as of evaluations.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let elements = rows.map { Element(number: $0.key, first: $0.values[0], second: $0.values[1]) }
        return String(decoding: try encoder.encode(elements), as: UTF8.self)
    }

    /// Writes a page with the table and both runs' curves in one drawing. Throws `FileError`.
    package func write(to path: String) throws {
        func panel(_ title: String, _ scale: LinePlot.Panel.Scale, _ points: (TrainingLog) -> TrainingLog.Points)
            -> LinePlot.Panel
        {
            .init(title, scale: scale, zip(["A", "B"], runs).map { .init($0, points($1.log)) })
        }
        let plot = LinePlot(
            xLabel: "update",
            [
                panel("Loss, running mean", .logarithmic, \.smoothedLosses),
                panel("Validation IoU", .linear, \.validationIoUs), panel("Learning rate", .linear, \.rates),
                panel("Gradient norm before clipping", .logarithmic, \.gradNorms),
            ])
        let cells = rows.map { row in
            "<tr><th scope=\"row\">\(row.heading)</th>\(row.texts.map { "<td>\($0)</td>" as HTML }.joined())</tr>\n"
                as HTML
        }
        let body: HTML = """
            <h1>Two training runs</h1>
            <p>A is \(runs[0].name), B is \(runs[1].name).</p>
            <table><thead><tr><th></th><th scope="col">A</th><th scope="col">B</th></tr></thead>
            <tbody>
            \(cells.joined())</tbody></table>
            \(plot.svg())
            """
        let style = """
            :root { color-scheme: light dark; }
            body { margin: 1.5rem auto; max-width: 60rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
            p { overflow-wrap: anywhere; } th, td { padding: 0.25rem 1rem 0.25rem 0; text-align: right; font-weight: 400; }
            th:first-child { text-align: left; }

            """
        try AtomicFile.write(Array(HTMLPage(title: "Two training runs", style: style, body: body).text.utf8), to: path)
    }
}
