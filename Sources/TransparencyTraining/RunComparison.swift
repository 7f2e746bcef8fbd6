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
            let parent = (path as NSString).deletingLastPathComponent
            guard let log = TrainingLog(isLog ? (parent.isEmpty ? "." : parent) : path) else { return nil }
            runs.append((path, log))
        }
        self.runs = runs
    }

    private struct Row {
        let name: String
        let values: [String]
    }

    private var rows: [Row] {
        func number(_ format: String, _ value: Double?) -> String { value.map { String(format: format, $0) } ?? "-" }
        func row(_ name: String, _ value: (TrainingLog) -> String) -> Row {
            Row(name: name, values: runs.map { value($0.log) })
        }
        return [
            row("updates") { number("%.0f", $0.losses.last?.x) },
            row("last loss, running mean") { number("%.4f", $0.smoothedLosses.last?.y) },
            row("least loss, running mean") { number("%.4f", $0.smoothedLosses.map(\.y).min()) },
            row("best validation IoU") { log in
                guard let best = log.validationIoUs.max(by: { $0.y < $1.y }) else { return "-" }
                return String(format: "%.4f at %.0f", best.y, best.x)
            },
            row("last validation IoU") { number("%.4f", $0.validationIoUs.last?.y) },
            row("largest learning rate") { number("%.2e", $0.rates.map(\.y).max()) },
            row("seconds an update, median") { number("%.3f", $0.secondsPerUpdate) },
        ]
    }

    /// A table for a terminal.
    package var text: String {
        ([Row(name: "", values: ["A", "B"])] + rows).map { row in
            ([row.name.padding(toLength: 28, withPad: " ", startingAt: 0)]
                + row.values.map { String(repeating: " ", count: max(1, 18 - $0.count)) + $0 }).joined()
        }.joined(separator: "\n")
    }

    /// The numbers by their names, a list of two each.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let values = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0.values) })
        return String(decoding: try encoder.encode(values), as: UTF8.self)
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
            "<tr><th scope=\"row\">\(row.name)</th>\(row.values.map { "<td>\($0)</td>" as HTML }.joined())</tr>\n"
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
