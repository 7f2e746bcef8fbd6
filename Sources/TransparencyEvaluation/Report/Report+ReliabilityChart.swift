import Reports
import SegmentationMetrics

extension Report {
    /// How often pixels of a softness are glass.
    func reliabilityChart() -> HTML {
        let reliability = Reliability(records)
        let total = reliability.bins.reduce(0) { $0 + $1.pixels }
        guard total > 0 else { return "" }
        let frame = ChartFrame(xMaximum: 1, yMaximum: 1)
        let points = reliability.bins.compactMap { bin -> (place: String, bin: Reliability.Bin)? in
            guard let softness = bin.softness, let glass = bin.glass else { return nil }
            return (frame.point(softness, glass), bin)
        }
        var content: HTML = "<path class=\"best\" d=\"M\(frame.point(0, 0))L\(frame.point(1, 1))\"/>\n"
        content += "<path class=\"line mean-iou\" d=\"M\(points.map(\.place).joined(separator: "L"))\"/>\n"
        for (place, bin) in points {
            let share = ReportNumber.percent(100 * Double(bin.pixels) / Double(total))
            content += """
                <path class="key-dot easy" d="M\(place)h0.01"><title>softness \(ReportNumber.share(bin.softness)), glass \
                \(ReportNumber.share(bin.glass)), \(share) % of the pixels</title></path>

                """
        }
        let interval = metrics.protocols[.calibration]?.intervals[.ece]
        let bounds = interval.map { " (\(ReportNumber.share($0.low))–\(ReportNumber.share($0.high)))" } ?? ""
        let note =
            "The expected calibration error is \(ReportNumber.share(reliability.ece))\(bounds). On the dashed line softness is the "
            + "share of pixels that are glass; below it the model is too sure of glass, above it not sure enough. Each mark is a "
            + "fifteenth of the range of softness."
        let chart = frame.chart(
            description: "Reliability diagram: share of glass against softness. " + note, xLabel: "softness",
            yLabel: "share of pixels that are glass", xTicks: ChartFrame.Tick.shares, yTicks: ChartFrame.Tick.shares,
            content: content)
        return figure("Reliability", note, legend: [], chart)
    }
}
