import Files
import Foundation

/// Curves over a common axis in one SVG file, one panel above the other.
package struct LinePlot: Sendable {
    /// A panel with one or more curves of one quantity.
    package struct Panel: Sendable {
        let title: String
        let curves: [Curve]

        package init(_ title: String, _ curves: [Curve]) {
            (self.title, self.curves) = (title, curves)
        }
    }

    /// Points with ascending x; those that are not finite are left out.
    package struct Curve: Sendable {
        let name: String
        let points: [(x: Double, y: Double)]

        package init(_ name: String, _ points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
        }
    }

    private let panels: [Panel]
    private let xLabel: String
    private let isLogarithmic: Bool
    /// Distinguishable for the color-blind (Okabe and Ito).
    private static let colors = ["#0072b2", "#d55e00", "#009e73"]
    /// More than a screen has columns would only be slow to draw.
    private static let pointLimit = 2000

    /// - Parameter isLogarithmic: Whether equal steps of the axis are equal ratios of x, which is then above 0.
    package init(xLabel: String, isLogarithmic: Bool = false, _ panels: [Panel]) {
        self.isLogarithmic = isLogarithmic
        (self.xLabel, self.panels) = (xLabel, panels.filter { $0.curves.contains { !$0.points.isEmpty } })
    }

    /// Writes the file in one step. Throws `FileError`.
    package func write(to path: String) throws {
        try AtomicFile.write(Array(svg().utf8), to: path)
    }

    func svg() -> String {
        let xs = panels.flatMap(\.curves).flatMap { $0.points.map { position($0.x) } }
        let first = xs.min() ?? 0
        let xRange = first...max(xs.max() ?? 1, first + (isLogarithmic ? 0.1 : 1))
        let body = panels.enumerated().map { index, panel -> HTML in
            let top = ChartFrame.number(Double(index) * ChartFrame.Box.panel.height)
            return "<g transform=\"translate(0 \(top))\">\(draw(panel, xRange))</g>\n"
        }
        let (width, height) = (ChartFrame.Box.panel.width, ChartFrame.Box.panel.height)
        let drawing: HTML = """
            <svg xmlns="http://www.w3.org/2000/svg" \
            viewBox="0 0 \(ChartFrame.number(width)) \(ChartFrame.number(height * Double(max(panels.count, 1))))" \
            font-family="system-ui, sans-serif" font-size="12">
            <style>
            \(HTML(trusted: Self.style))</style>
            <rect class="paper" width="100%" height="100%"/>
            \(body.joined())</svg>

            """
        return drawing.text
    }

    private static let style = """
        .paper { fill: white; } text { fill: #222; } .grid { stroke: #ddd; } .axis { stroke: #888; }
        @media (prefers-color-scheme: dark) {
        .paper { fill: #1b1b1b; } text { fill: #ddd; } .grid { stroke: #444; } .axis { stroke: #999; }
        }

        """

    /// Where x lies on the axis.
    private func position(_ x: Double) -> Double { isLogarithmic ? log10(x) : x }

    private func draw(_ panel: Panel, _ xRange: ClosedRange<Double>) -> HTML {
        let ys = panel.curves.flatMap { $0.points.map(\.y) }
        let (low, high) = (min(0, ys.min() ?? 0), ys.max() ?? 1)
        let yRange = low...(high > low ? high : low + 1)
        let frame = ChartFrame(xRange, yRange, in: .panel)
        let xTicks =
            isLogarithmic ? ChartFrame.Tick.logarithmic(in: xRange) : ChartFrame.Tick.round(in: xRange, whole: true)
        let (left, right) = (ChartFrame.number(frame.box.left), ChartFrame.number(frame.box.right))
        var drawing: HTML = "<text x=\"\(left)\" y=\"18\" font-weight=\"bold\">\(panel.title)</text>"
        drawing += frame.axes(xTicks, ChartFrame.Tick.round(in: yRange))
        for (index, curve) in panel.curves.enumerated() where !curve.points.isEmpty {
            let color = Self.colors[index % Self.colors.count]
            let step = max(1, curve.points.count / Self.pointLimit)
            let points = stride(from: 0, to: curve.points.count, by: step).map {
                frame.point(position(curve.points[$0].x), curve.points[$0].y)
            }
            drawing +=
                "<polyline points=\"\(points.joined(separator: ", "))\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.5\"/>"
            if panel.curves.count > 1 {
                let x = ChartFrame.number(frame.box.right - 150 * Double(panel.curves.count - index) + 40)
                drawing += "<text x=\"\(x)\" y=\"18\" style=\"fill: \(color)\">\(curve.name)</text>"
            }
        }
        drawing += """
            <text x="\(right)" y="\(ChartFrame.number(frame.box.bottom + 34))" text-anchor="end">\(xLabel)</text>

            """
        return drawing
    }
}
