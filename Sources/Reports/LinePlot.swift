import Files
import Foundation

/// Curves over a common axis in one SVG drawing, one panel above the other.
package struct LinePlot: Sendable {
    /// A panel with one or more curves of one quantity.
    package struct Panel: Sendable {
        /// How its values are spread.
        package enum Scale: Sendable {
            /// From 0, or below it.
            case linear
            /// Equal steps are equal ratios, where all values are above 0; else linear. Large values do not hide the small ones.
            case logarithmic
        }

        let title: String
        let scale: Scale
        let curves: [Curve]

        package init(_ title: String, scale: Scale = .linear, _ curves: [Curve]) {
            (self.title, self.scale, self.curves) = (title, scale, curves)
        }

        var values: [Double] { curves.flatMap { $0.points.map(\.y) } }
        var isLogarithmic: Bool { scale == .logarithmic && values.allSatisfy { $0 > 0 } }
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

    /// A line down all panels at an x.
    package struct Marker: Sendable {
        let x: Double
        let text: String

        package init(_ x: Double, _ text: String) { (self.x, self.text) = (x, text) }
    }

    private let panels: [Panel]
    private let xLabel: String
    private let isLogarithmic: Bool
    private let marker: Marker?
    /// Distinguishable for the color-blind (Okabe and Ito), on white and on black.
    private static let curveCount = 3
    /// More than a screen has columns would only be slow to draw.
    private static let pointLimit = 2000

    /// - Parameter isLogarithmic: Whether equal steps of the axis are equal ratios of x, which is then above 0.
    package init(xLabel: String, isLogarithmic: Bool = false, marker: Marker? = nil, _ panels: [Panel]) {
        (self.isLogarithmic, self.marker) = (isLogarithmic, marker)
        (self.xLabel, self.panels) = (xLabel, panels.filter { $0.curves.contains { !$0.points.isEmpty } })
    }

    /// Writes the file in one step. Throws `FileError`.
    package func write(to path: String) throws {
        try AtomicFile.write(Array(svg().text.utf8), to: path)
    }

    /// The drawing as an element that needs no style sheet.
    package func svg() -> HTML {
        let xs = panels.flatMap(\.curves).flatMap { $0.points.map { position($0.x) } }
        let first = xs.min() ?? 0
        let xRange = first...max(xs.max() ?? 1, first + (isLogarithmic ? 0.1 : 1))
        let body = panels.enumerated().map { index, panel -> HTML in
            let top = ChartFrame.number(Double(index) * ChartFrame.Box.panel.height)
            return "<g transform=\"translate(0 \(top))\">\(draw(panel, xRange))</g>\n"
        }
        let (width, height) = (ChartFrame.Box.panel.width, ChartFrame.Box.panel.height)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" \
            viewBox="0 0 \(ChartFrame.number(width)) \(ChartFrame.number(height * Double(max(panels.count, 1))))" \
            font-family="system-ui, sans-serif" font-size="12">
            <style>
            \(HTML(trusted: Self.style))</style>
            <rect class="paper" width="100%" height="100%"/>
            \(body.joined())</svg>

            """
    }

    private static let style = """
        .paper { fill: white; } svg text { fill: #222; } .grid { stroke: #ddd; } .axis { stroke: #888; }
        .curve { fill: none; stroke-width: 1.5; } .mark { stroke: #555; stroke-dasharray: 5 3; }
        .c0 { stroke: #0072b2; } .c1 { stroke: #d55e00; } .c2 { stroke: #00795a; }
        svg text.t0 { fill: #0072b2; } svg text.t1 { fill: #b34a00; } svg text.t2 { fill: #00795a; }
        .halo { stroke: white; stroke-width: 3px; paint-order: stroke; }
        @media screen and (prefers-color-scheme: dark) {
        .paper { fill: #1b1b1b; } svg text { fill: #ddd; } .grid { stroke: #444; } .axis { stroke: #999; } .mark { stroke: #bbb; }
        .c0 { stroke: #56b4e9; } .c1 { stroke: #e69f00; } .c2 { stroke: #2fc9a0; } .halo { stroke: #1b1b1b; }
        svg text.t0 { fill: #56b4e9; } svg text.t1 { fill: #e69f00; } svg text.t2 { fill: #2fc9a0; }
        }

        """

    /// Where x lies on the axis.
    private func position(_ x: Double) -> Double { isLogarithmic ? log10(x) : x }

    /// The least and the largest value as they lie on a panel's axis, and the axis' marks.
    private func yAxis(of panel: Panel) -> (range: ClosedRange<Double>, ticks: [ChartFrame.Tick]) {
        let (least, largest) = (panel.values.min() ?? 0, panel.values.max() ?? 1)
        guard panel.isLogarithmic else {
            let low = min(0, least)
            let range = low...(largest > low ? largest : low + 1)
            return (range, ChartFrame.Tick.round(in: range))
        }
        let (low, high) = (log10(least), log10(largest))
        let range = (low - 0.02)...max(high + 0.02, low + 0.02)
        return (range, ChartFrame.Tick.logarithmic(in: range))
    }

    private func draw(_ panel: Panel, _ xRange: ClosedRange<Double>) -> HTML {
        let (yRange, yTicks) = yAxis(of: panel)
        let frame = ChartFrame(xRange, yRange, in: .panel)
        let xTicks =
            isLogarithmic ? ChartFrame.Tick.logarithmic(in: xRange) : ChartFrame.Tick.round(in: xRange, whole: true)
        let (left, right) = (ChartFrame.number(frame.box.left), ChartFrame.number(frame.box.right))
        let title = panel.title + (panel.isLogarithmic ? " (logarithmic)" : "")
        var drawing: HTML = "<text x=\"\(left)\" y=\"18\" font-weight=\"bold\">\(title)</text>"
        drawing += frame.axes(xTicks, yTicks)
        for (index, curve) in panel.curves.enumerated() where !curve.points.isEmpty {
            let style = index % Self.curveCount
            let step = max(1, curve.points.count / Self.pointLimit)
            let points = stride(from: 0, to: curve.points.count, by: step).map { place in
                let y = curve.points[place].y
                return frame.point(position(curve.points[place].x), panel.isLogarithmic ? log10(y) : y)
            }
            drawing += "<polyline class=\"curve c\(style)\" points=\"\(points.joined(separator: ", "))\"/>"
            if panel.curves.count > 1 {
                let x = ChartFrame.number(frame.box.right - 150 * Double(panel.curves.count - index) + 40)
                drawing += "<text class=\"t\(style)\" x=\"\(x)\" y=\"18\">\(curve.name)</text>"
            }
        }
        if let marker { drawing += frame.marker(at: position(marker.x), marker.text, row: 0, styleClass: "mark") }
        drawing += """
            <text x="\(right)" y="\(ChartFrame.number(frame.box.bottom + 34))" text-anchor="end">\(xLabel)</text>

            """
        return drawing
    }
}
