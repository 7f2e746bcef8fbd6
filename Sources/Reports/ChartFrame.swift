import Foundation

/// The plane of a chart in SVG: where values lie, its axes, and the element around them.
package struct ChartFrame {
    /// Where the plane is within the drawing.
    package struct Box: Sendable {
        let (left, right, top, bottom): (Double, Double, Double, Double)
        let (width, height): (Double, Double)

        /// So small that text is legible on a screen of 360 pixels.
        static let page = Box(left: 56, right: 398, top: 12, bottom: 228, width: 420, height: 270)
        /// One of several panels in a file of its own.
        static let panel = Box(left: 80, right: 740, top: 30, bottom: 180, width: 760, height: 220)

        private init(left: Double, right: Double, top: Double, bottom: Double, width: Double, height: Double) {
            (self.left, self.right, self.top, self.bottom) = (left, right, top, bottom)
            (self.width, self.height) = (width, height)
        }
    }

    private let xRange: ClosedRange<Double>
    private let yRange: ClosedRange<Double>
    let box: Box

    init(_ xRange: ClosedRange<Double>, _ yRange: ClosedRange<Double>, in box: Box) {
        (self.xRange, self.yRange, self.box) = (xRange, yRange, box)
    }

    /// Both axes from 0, in the size of a page's chart.
    package init(xMaximum: Double, yMaximum: Double) {
        self.init(0...xMaximum, 0...yMaximum, in: .page)
    }

    package func x(_ value: Double) -> Double {
        box.left + (value - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * (box.right - box.left)
    }

    package func y(_ value: Double) -> Double {
        box.bottom - (value - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound) * (box.bottom - box.top)
    }

    /// A path's coordinates, to a tenth of a unit.
    package func point(_ x: Double, _ y: Double) -> String {
        Self.number(self.x(x)) + " " + Self.number(self.y(y))
    }

    package static func number(_ value: Double) -> String { String(format: "%.1f", value) }

    /// A line down the whole plane, with `text` in one of the rows below its top, on the side that has room.
    package func marker(at value: Double, _ text: String, row: Int, styleClass: String) -> HTML {
        let onLeft = value > (xRange.lowerBound + xRange.upperBound) / 2
        let place = Self.number(x(value) + (onLeft ? -4 : 4))
        return """
            <path class="\(styleClass)" d="M\(Self.number(x(value))) \(Self.number(box.bottom))V\(Self.number(box.top))"/>\
            <text class="halo" x="\(place)" y="\(Self.number(box.top + 12 + 16 * Double(row)))" \
            text-anchor="\(onLeft ? "end" : "start")">\(text)</text>
            """
    }

    /// The chart with its axes under `content`. `description` is what a screen reader says in its place.
    package func chart(
        description: String, xLabel: String, yLabel: String, xTicks: [Tick], yTicks: [Tick], content: HTML
    ) -> HTML {
        let (center, middle) = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
        return """
            <svg class="chart" viewBox="0 0 \(Self.number(box.width)) \(Self.number(box.height))" role="img" \
            aria-label="\(description)">\(axes(xTicks, yTicks))\
            <text x="\(Self.number(center))" y="\(Self.number(box.height - 6))" text-anchor="middle">\(xLabel)</text>\
            <text transform="translate(12 \(Self.number(middle))) rotate(-90)" text-anchor="middle">\(yLabel)</text>
            \(content)</svg>

            """
    }

    /// Lines and numbers along both sides.
    func axes(_ xTicks: [Tick], _ yTicks: [Tick]) -> HTML {
        let (left, right, bottom) = (Self.number(box.left), Self.number(box.right), Self.number(box.bottom))
        var axes: HTML = ""
        for tick in yTicks {
            let height = y(tick.value)
            axes += """
                <path class="grid" d="M\(left) \(Self.number(height))H\(right)"/>\
                <text x="\(Self.number(box.left - 6))" y="\(Self.number(height + 4))" text-anchor="end">\(tick.text)</text>
                """
        }
        for tick in xTicks {
            axes += """
                <text x="\(Self.number(x(tick.value)))" y="\(Self.number(box.bottom + 17))" \
                text-anchor="middle">\(tick.text)</text>
                """
        }
        axes += "<path class=\"axis\" d=\"M\(left) \(bottom)H\(right)\"/>"
        return axes
    }
}
