/// The plane of a chart in SVG: where values lie, its axes, and the element around them.
///
/// The viewBox is so small that its text is legible on a screen of 360 pixels.
struct ChartFrame {
    static let width = 420.0
    static let height = 270.0
    private static let (left, right, top, bottom) = (56.0, 398.0, 12.0, 228.0)

    /// The largest value of each axis; the smallest is 0.
    let xMaximum: Double
    let yMaximum: Double

    func x(_ value: Double) -> Double {
        Self.left + value / xMaximum * (Self.right - Self.left)
    }

    func y(_ value: Double) -> Double {
        Self.bottom - value / yMaximum * (Self.bottom - Self.top)
    }

    /// A path's coordinates, to a tenth of a unit.
    func point(_ x: Double, _ y: Double) -> String {
        Self.number(self.x(x)) + " " + Self.number(self.y(y))
    }

    static func number(_ value: Double) -> String { ReportNumber.fixed(value, decimals: 1) }

    /// A line down the whole plane, with `text` in one of the rows below its top, on the side that has room.
    func marker(at value: Double, _ text: String, row: Int, styleClass: String) -> HTML {
        let onLeft = value > xMaximum / 2
        let place = Self.number(x(value) + (onLeft ? -4 : 4))
        return """
            <path class="\(styleClass)" d="M\(point(value, 0))V\(Self.number(Self.top))"/>\
            <text class="halo" x="\(place)" y="\(Self.number(Self.top + 12 + 16 * Double(row)))" \
            text-anchor="\(onLeft ? "end" : "start")">\(text)</text>
            """
    }

    /// The chart with its axes under `content`. `description` is what a screen reader says in its place.
    func chart(
        description: String, xLabel: String, yLabel: String, xTicks: [Tick], yTicks: [Tick], content: HTML
    ) -> HTML {
        let (left, right, bottom) = (Self.number(Self.left), Self.number(Self.right), Self.number(Self.bottom))
        var axes: HTML = ""
        for tick in yTicks {
            let height = y(tick.value)
            axes += """
                <path class="grid" d="M\(left) \(Self.number(height))H\(right)"/>\
                <text x="\(Self.number(Self.left - 6))" y="\(Self.number(height + 4))" text-anchor="end">\(tick.text)</text>
                """
        }
        for tick in xTicks {
            axes += """
                <text x="\(Self.number(x(tick.value)))" y="\(Self.number(Self.bottom + 17))" \
                text-anchor="middle">\(tick.text)</text>
                """
        }
        let (centre, middle) = ((Self.left + Self.right) / 2, (Self.top + Self.bottom) / 2)
        return """
            <svg class="chart" viewBox="0 0 \(Self.number(Self.width)) \(Self.number(Self.height))" role="img" \
            aria-label="\(description)">\(axes)<path class="axis" d="M\(left) \(bottom)H\(right)"/>\
            <text x="\(Self.number(centre))" y="\(Self.number(Self.height - 6))" text-anchor="middle">\(xLabel)</text>\
            <text transform="translate(12 \(Self.number(middle))) rotate(-90)" text-anchor="middle">\(yLabel)</text>
            \(content)</svg>

            """
    }

    /// A mark of an axis.
    struct Tick {
        let value: Double
        let text: String

        /// 0 to 1 by fifths.
        static let shares = (0...5).map {
            Tick(value: Double($0) / 5, text: $0 == 0 ? "0" : $0 == 5 ? "1" : "0.\(2 * $0)")
        }

        /// 0 to 1 by fifths, as percent.
        static let percents = (0...5).map { Tick(value: Double($0) / 5, text: "\(20 * $0) %") }

        /// Percent from 0 to the first round number that is not below `maximum`, at most five steps.
        static func percents(to maximum: Double) -> [Tick] {
            let step = [1, 2, 5, 10, 20].first { Double($0) >= maximum * 100 / 5 } ?? 20
            let count = max(1, Int((maximum * 100 / Double(step)).rounded(.up)))
            return (0...min(count, 5)).map { Tick(value: Double($0 * step) / 100, text: "\($0 * step) %") }
        }
    }
}
