import Reports
import SegmentationMetrics

extension Report {
    /// A chart with its heading, legend and a sentence about it.
    func figure(_ heading: String, _ note: String, legend: [HTML], _ chart: HTML) -> HTML {
        let entries = legend.map { "<li>\($0)</li>" as HTML }.joined()
        return """
            <figure>
            <h3>\(heading)</h3>
            <ul class="legend">\(entries)</ul>
            \(chart)<figcaption>\(note)</figcaption>
            </figure>

            """
    }

    /// How many pictures have which IoU.
    func iouHistogram(_ groups: [PictureGroup]) -> HTML {
        let binCount = 20
        let bins = groups.map { group in
            var bins = [Int](repeating: 0, count: binCount)
            for record in group.records {
                bins[min(binCount - 1, Int(record.pixels.aboveThreshold.iou * Double(binCount)))] += 1
            }
            return bins
        }
        let shares = zip(groups, bins).map { group, bins in bins.map { Double($0) / Double(group.records.count) } }
        let ticks = ChartFrame.Tick.percents(to: shares.joined().max() ?? 0)
        let frame = ChartFrame(xMaximum: 1, yMaximum: ticks.last?.value ?? 1)
        let binWidth = 1 / Double(binCount)
        let barWidth = binWidth * 0.86 / Double(groups.count)
        var bars: HTML = ""
        for (place, group) in groups.enumerated() {
            for bin in 0..<binCount where bins[place][bin] > 0 {
                let start = (Double(bin) + 0.07) * binWidth + Double(place) * barWidth
                let height = frame.y(0) - frame.y(shares[place][bin])
                let range = "\(fixed(Double(bin) * binWidth)) to \(fixed(Double(bin + 1) * binWidth))"
                bars += """
                    <rect class="fill \(group.styleClass)" x="\(ChartFrame.number(frame.x(start)))" \
                    y="\(ChartFrame.number(frame.y(shares[place][bin])))" \
                    width="\(ChartFrame.number(frame.x(barWidth) - frame.x(0)))" height="\(ChartFrame.number(height))">\
                    <title>\(group.name), IoU \(range): \(ReportNumber.pictures(bins[place][bin]))</title></rect>
                    """
            }
        }
        let chart = frame.chart(
            description: "Histogram of the pictures' IoU. " + groups.map(summary).joined(separator: " "),
            xLabel: "IoU of a picture", yLabel: "share of the group's pictures", xTicks: ChartFrame.Tick.shares,
            yTicks: ticks, content: bars)
        return figure(
            "Distribution of IoU", groups.map(summary).joined(separator: " "), legend: groups.map(legendEntry), chart)
    }

    /// Each picture's IoU against how much glass it has.
    func glassShareScatter(_ groups: [PictureGroup]) -> HTML {
        let frame = ChartFrame(xMaximum: 1, yMaximum: 1)
        let marks = groups.map { group -> HTML in
            // A stroke of next to no length is its caps: one path for all dots. Of none, paper would get no square ones.
            let dots = group.records.map { record in
                "M" + frame.point(record.pixels.glassShare, record.pixels.aboveThreshold.iou) + "h0.01"
            }
            return "<path class=\"dots \(group.styleClass)\" d=\"\(dots.joined())\"/>\n"
        }
        let chart = frame.chart(
            description: "Scatter plot of the pictures' IoU against the share of glass in their ground truth.",
            xLabel: "glass in the ground truth, share of the picture", yLabel: "IoU",
            xTicks: ChartFrame.Tick.percents, yTicks: ChartFrame.Tick.shares, content: marks.joined())
        return figure(
            "IoU and share of glass", "Each mark is a picture.", legend: groups.map(legendEntry), chart)
    }

    /// Which share of the pictures reaches which IoU.
    func cumulativeChart(_ groups: [PictureGroup]) -> HTML {
        let frame = ChartFrame(xMaximum: 1, yMaximum: 1)
        let steps = groups.map { group -> HTML in
            let ious = group.records.map(\.pixels.aboveThreshold.iou).sorted()
            var path = "M" + frame.point(0, 1)
            for (below, iou) in ious.enumerated() {
                // A step is drawn once, where equal values end.
                guard below + 1 == ious.count || ious[below + 1] != iou else { continue }
                let rest = Double(ious.count - below - 1) / Double(ious.count)
                path += "H\(ChartFrame.number(frame.x(iou)))V\(ChartFrame.number(frame.y(rest)))"
            }
            return "<path class=\"line group \(group.styleClass)\" d=\"\(path)\"/>\n"
        }
        let chart = frame.chart(
            description: "Share of the pictures that reach an IoU.", xLabel: "IoU", yLabel: "share that reaches it",
            xTicks: ChartFrame.Tick.shares, yTicks: ChartFrame.Tick.percents, content: steps.joined())
        return figure(
            "Pictures that reach an IoU", "The line is the share of the group's pictures with at least this IoU.",
            legend: groups.map(legendEntry), chart)
    }

    private func legendEntry(_ group: PictureGroup) -> HTML {
        """
        <svg class="key" viewBox="0 0 10 10" aria-hidden="true"><path class="key-dot \(group.styleClass)" d="M5 5h0.01"/></svg> \
        \(group.name), \(ReportNumber.pictures(group.records.count))
        """
    }

    /// The middle of a group and its failures, in a sentence.
    private func summary(of group: PictureGroup) -> String {
        let ious = group.records.map(\.pixels.aboveThreshold.iou).sorted()
        let median = (ious[(ious.count - 1) / 2] + ious[ious.count / 2]) / 2
        let low = ious.count { $0 < 0.5 }
        let name = group.name.prefix(1).uppercased() + group.name.dropFirst()
        return "\(name): median \(ReportNumber.share(median)), \(ReportNumber.count(low)) of "
            + "\(ReportNumber.pictures(ious.count)) below 0.5."
    }

    private func fixed(_ value: Double) -> String { ReportNumber.fixed(value, decimals: 2) }
}

extension PixelCounts {
    /// The share of glass in the ground truth.
    var glassShare: Double { Double(aboveThreshold.glassCount) / Double(pixelCount) }

    /// The share of the picture that was taken for glass.
    var predictedShare: Double {
        Double(aboveThreshold.truePositives + aboveThreshold.falsePositives) / Double(pixelCount)
    }
}
