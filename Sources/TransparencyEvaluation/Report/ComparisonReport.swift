import Files
import Foundation
import Reports
package import SegmentationMetrics

/// Two evaluations of the same pictures on one page: each number with the interval of its difference, and each picture's two IoUs.
package struct ComparisonReport {
    private let names: (first: String, second: String)
    private let comparison: MetricsComparison
    private let warnings: [String]
    private let pairs: [(first: ImageRecord, second: ImageRecord)]

    /// - Parameters:
    ///   - names: What the two are called, such as their folders.
    ///   - warnings: Why the two may not be comparable.
    ///   - first: The pictures of one, and those of the other, which are the same.
    package init(
        names: (String, String), comparison: MetricsComparison, warnings: [String], first: [ImageRecord],
        second: [ImageRecord]
    ) {
        (self.names, self.comparison, self.warnings) = (names, comparison, warnings)
        let others = Dictionary(second.map { ($0.sortKey, $0) }, uniquingKeysWith: { one, _ in one })
        pairs = first.compactMap { record in others[record.sortKey].map { (record, $0) } }
    }

    /// Writes the page in one step. Throws `FileError`.
    package func write(to path: String) throws {
        try AtomicFile.write(Array(html().utf8), to: path)
    }

    func html() -> String {
        let notes = warnings.map { "<p><strong>Not alike:</strong> \($0).</p>\n" as HTML }.joined()
        let body: HTML = """
            <header><h1>Comparison</h1>
            <dl><div><dt>A</dt><dd>\(names.first)</dd></div><div><dt>B</dt><dd>\(names.second)</dd></div>
            <div><dt>Pictures</dt><dd>\(ReportNumber.count(pairs.count))</dd></div></dl></header>
            <main>
            \(notes)<section><h2>Numbers</h2>
            <p>Each picture is compared with itself. Where the 95 % interval of a difference leaves out zero, it stands in bold.</p>
            <div class="scroll" tabindex="0" role="region" aria-label="Numbers"><table>
            <thead><tr><th scope="col">Pictures</th><th scope="col">Protocol</th><th scope="col">Number</th><th scope="col">A</th>\
            <th scope="col">B</th><th scope="col">B − A</th><th scope="col">95 % interval</th></tr></thead>
            <tbody>
            \(comparison.rows.map(row).joined())</tbody>
            </table></div></section>
            <section><h2>Pictures</h2>
            \(scatter())\(changes("Better in B", ascending: false))\(changes("Worse in B", ascending: true))</section>
            </main>

            """
        return HTMLPage(title: "\(names.first) and \(names.second)", style: ReportStyle.text, body: body).text
    }

    private func row(_ row: MetricsComparison.Row) -> HTML {
        let difference = signed(row.difference)
        let shown: HTML = row.isSignificant ? "<strong>\(difference)</strong>" : "\(difference)"
        return """
            <tr><th scope="row">\(row.difficulty?.rawValue ?? "all")</th><td>\(row.protocolName.heading)</td>\
            <td>\(row.quantity.heading)</td><td>\(row.quantity.text(row.first))</td><td>\(row.quantity.text(row.second))</td>\
            <td>\(shown)</td><td>\(signed(row.interval.low)) to \(signed(row.interval.high))</td></tr>

            """
    }

    private func scatter() -> HTML {
        let frame = ChartFrame(xMaximum: 1, yMaximum: 1)
        let dots = pairs.map { "M" + frame.point(iou($0.first), iou($0.second)) + "h0.01" }.joined()
        let content: HTML = """
            <path class="used" d="M\(frame.point(0, 0))L\(frame.point(1, 1))"/><path class="dots easy" d="\(dots)"/>

            """
        let chart = frame.chart(
            description: "Scatter plot of each picture's IoU in B against that in A.", xLabel: "IoU in A",
            yLabel: "IoU in B",
            xTicks: ChartFrame.Tick.shares, yTicks: ChartFrame.Tick.shares, content: content)
        return """
            <figure><h3>IoU of each picture</h3>
            \(chart)<figcaption>Each mark is a picture; above the line B is better.</figcaption></figure>

            """
    }

    /// The pictures whose IoU changed most, one way.
    private func changes(_ heading: String, ascending: Bool) -> HTML {
        let changed = pairs.map { (pair: $0, change: iou($0.second) - iou($0.first)) }
            .filter { ascending ? $0.change < 0 : $0.change > 0 }
            .sorted { abs($0.change) > abs($1.change) }
        guard !changed.isEmpty else { return "<h3>\(heading)</h3><p>None.</p>\n" }
        let rows = changed.prefix(20).map { entry -> HTML in
            let record = entry.pair.first
            let name = [record.difficulty?.rawValue, record.id].compactMap(\.self).joined(separator: "/")
            return """
                <tr><th scope="row">\(name)</th><td>\(ReportNumber.share(iou(record)))</td>\
                <td>\(ReportNumber.share(iou(entry.pair.second)))</td><td>\(signed(entry.change))</td></tr>

                """
        }
        return """
            <h3>\(heading): \(ReportNumber.pictures(changed.count))</h3>
            <div class="scroll" tabindex="0" role="region" aria-label="\(heading)"><table>
            <thead><tr><th scope="col">Picture</th><th scope="col">IoU in A</th><th scope="col">in B</th>\
            <th scope="col">B − A</th></tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table></div>

            """
    }

    private func iou(_ record: ImageRecord) -> Double { record.pixels.aboveThreshold.iou }

    private func signed(_ value: Double) -> String { String(format: "%+.4f", value) }
}
