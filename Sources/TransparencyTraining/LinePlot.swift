import Files
import Foundation
import TransparencySegmentation

/// Curves over a common axis in one SVG file, one panel above the other.
public struct LinePlot: Sendable {
    /// A panel with one or more curves of one quantity.
    public struct Panel: Sendable {
        let title: String
        let curves: [Curve]

        public init(_ title: String, _ curves: [Curve]) {
            (self.title, self.curves) = (title, curves)
        }
    }

    /// Points with ascending x; those that are not finite are left out.
    public struct Curve: Sendable {
        let name: String
        let points: [(x: Double, y: Double)]

        public init(_ name: String, _ points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
        }
    }

    private let panels: [Panel]
    private let xLabel: String
    private let isLogarithmic: Bool
    private static let (width, height) = (760.0, 220.0)
    private static let (left, right, top, bottom) = (80.0, 740.0, 30.0, 180.0)
    /// Distinguishable for the color-blind (Okabe and Ito).
    private static let colors = ["#0072b2", "#d55e00", "#009e73"]
    /// More than a screen has columns would only be slow to draw.
    private static let pointLimit = 2000

    /// - Parameter isLogarithmic: Whether equal steps of the axis are equal ratios of x, which is then above 0.
    public init(xLabel: String, isLogarithmic: Bool = false, _ panels: [Panel]) {
        self.isLogarithmic = isLogarithmic
        (self.xLabel, self.panels) = (xLabel, panels.filter { $0.curves.contains { !$0.points.isEmpty } })
    }

    /// Writes the file in one step. Throws `AtomicFileError`.
    public func write(to path: String) throws {
        try AtomicFile.write(Array(svg().utf8), to: path)
    }

    func svg() -> String {
        let xs = panels.flatMap(\.curves).flatMap { $0.points.map { position($0.x) } }
        let first = xs.min() ?? 0
        let xRange = first...max(xs.max() ?? 1, first + (isLogarithmic ? 0.1 : 1))
        let body = panels.enumerated().map { index, panel in
            "<g transform=\"translate(0 \(Self.text(Double(index) * Self.height)))\">\(draw(panel, xRange))</g>"
        }.joined(separator: "\n")
        let height = Self.text(Self.height * Double(max(panels.count, 1)))
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.text(Self.width)) \(height)" \
            font-family="system-ui, sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>
            \(body)
            </svg>

            """
    }

    /// Where x lies on the axis.
    private func position(_ x: Double) -> Double { isLogarithmic ? log10(x) : x }

    private func draw(_ panel: Panel, _ xRange: ClosedRange<Double>) -> String {
        let ys = panel.curves.flatMap { $0.points.map(\.y) }
        let (low, high) = (min(0, ys.min() ?? 0), ys.max() ?? 1)
        let top = high > low ? high : low + 1
        func place(_ x: Double, _ y: Double) -> String {
            let across = (position(x) - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound)
            let up = (y - low) / (top - low)
            return Self.text(Self.left + across * (Self.right - Self.left)) + ","
                + Self.text(Self.bottom - up * (Self.bottom - Self.top))
        }
        var parts = ["<text x=\"\(Self.text(Self.left))\" y=\"18\" font-weight=\"bold\">\(panel.title)</text>"]
        for step in 0...4 {
            let y = low + (top - low) * Double(step) / 4
            let row = Self.bottom - Double(step) / 4 * (Self.bottom - Self.top)
            parts.append(
                "<path d=\"M\(Self.text(Self.left)) \(Self.text(row))H\(Self.text(Self.right))\" stroke=\"#ddd\"/>"
                    + "<text x=\"\(Self.text(Self.left - 8))\" y=\"\(Self.text(row + 4))\" text-anchor=\"end\">\(String(format: "%.3g", y))</text>"
            )
            let place = xRange.lowerBound + (xRange.upperBound - xRange.lowerBound) * Double(step) / 4
            let x = isLogarithmic ? pow(10, place) : place
            let column = Self.left + Double(step) / 4 * (Self.right - Self.left)
            parts.append(
                "<text x=\"\(Self.text(column))\" y=\"\(Self.text(Self.bottom + 18))\" text-anchor=\"middle\">\(String(format: isLogarithmic ? "%.2g" : "%.4g", x))</text>"
            )
        }
        for (index, curve) in panel.curves.enumerated() where !curve.points.isEmpty {
            let color = Self.colors[index % Self.colors.count]
            let step = max(1, curve.points.count / Self.pointLimit)
            let points = stride(from: 0, to: curve.points.count, by: step).map {
                place(curve.points[$0].x, curve.points[$0].y)
            }
            parts.append(
                "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.5\"/>"
            )
            if panel.curves.count > 1 {
                let x = Self.text(Self.right - 150 * Double(panel.curves.count - index) + 40)
                parts.append("<text x=\"\(x)\" y=\"18\" fill=\"\(color)\">\(curve.name)</text>")
            }
        }
        parts.append(
            "<text x=\"\(Self.text(Self.right))\" y=\"\(Self.text(Self.bottom + 34))\" text-anchor=\"end\">\(xLabel)</text>"
        )
        return parts.joined(separator: "\n")
    }

    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
