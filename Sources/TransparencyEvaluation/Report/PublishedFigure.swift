import SegmentationMetrics

/// What a paper reports, in the terms of one protocol.
struct PublishedFigure {
    let protocolName: ProtocolName
    let work: String
    /// On which pictures.
    let data: String
    /// Shares are of 1, BER is in percent.
    let numbers: [Quantity: Double]

    /// Figures as their sources print them; `Docs/metrics.md` has the sources.
    static let all: [PublishedFigure] = [
        .init(.original, "Transparency Segmentation, 1024²", "Trans10K test, mix", [.iou: 0.8819]),
        .init(.original, "Transparency Segmentation, 1024²", "Trans10K test, easy", [.iou: 0.9214]),
        .init(.original, "Transparency Segmentation, 1024²", "Trans10K test, hard", [.iou: 0.7346]),
        .init(.translab, "RFENet, 512², three classes", "Trans10K test", [.meanIoU: 0.9125]),
        .init(
            .trans10KStuff, "VGGT-Glass, 518²", "Trans10K-Stuff test",
            [.iou: 0.9385, .fBeta: 0.974, .mae: 0.022, .ber: 1.76, .accuracy: 0.994]),
        .init(
            .trans10KStuff, "GlassWizard, as VGGT-Glass measured it", "Trans10K-Stuff test",
            [.iou: 0.9280, .fBeta: 0.965, .mae: 0.030, .ber: 3.04, .accuracy: 0.979]),
        .init(.native, "L+GNet, 512², compared at the pictures' size", "Trans10K-Stuff test", [.pooledIoU: 0.951]),
    ]

    private init(_ protocolName: ProtocolName, _ work: String, _ data: String, _ numbers: [Quantity: Double]) {
        (self.protocolName, self.work, self.data, self.numbers) = (protocolName, work, data, numbers)
    }
}
