import Reports
import SegmentationMetrics

extension Report {
    /// What another threshold would have given.
    func thresholdChart() -> HTML {
        let curve = ThresholdCurve(records)
        guard let best = curve.best else { return "" }
        let frame = ChartFrame(xMaximum: 1, yMaximum: 1)
        let lines: [(name: String, styleClass: String, value: (ThresholdCurve.Point) -> Double?)] = [
            ("mean IoU", "mean-iou", \.meanIoU), ("pooled IoU", "pooled-iou", \.pooledIoU),
            ("precision", "precision", \.precision), ("recall", "recall", \.recall),
        ]
        let used = metrics.settings.threshold
        var content: HTML = ""
        for line in lines {
            let points = curve.points.compactMap { point in
                line.value(point).map { frame.point(min(point.threshold, 1), $0) }
            }
            guard !points.isEmpty else { continue }
            content += "<path class=\"line \(line.styleClass)\" d=\"M\(points.joined(separator: "L"))\"/>\n"
        }
        content += frame.marker(
            at: min(max(used, 0), 1), "used \(used)", row: 0, styleClass: "used")
        content += frame.marker(
            at: min(best.threshold, 1), "best \(ReportNumber.fixed(best.threshold, decimals: 3))", row: 1,
            styleClass: "best")
        let note =
            "The largest mean IoU, \(ReportNumber.share(best.meanIoU)), is at "
            + "\(ReportNumber.fixed(best.threshold, decimals: 3)), worked out from the same pictures. A threshold must be "
            + "chosen on validation pictures: one chosen on these flatters. Pooled IoU, precision and recall are of all "
            + "pixels together."
        let chart = frame.chart(
            description: "Mean IoU, pooled IoU, precision and recall against the threshold. " + note,
            xLabel: "threshold", yLabel: "share", xTicks: ChartFrame.Tick.shares, yTicks: ChartFrame.Tick.shares,
            content: content)
        let legend = lines.map { line -> HTML in
            """
            <svg class="key" viewBox="0 0 28 10" aria-hidden="true"><path class="line \(line.styleClass)" d="M1 5h26"/></svg> \
            \(line.name)
            """
        }
        return figure("Other thresholds", note, legend: legend, chart)
    }
}
