/// The protocol of the glass detection papers (GDNet: Mei et al., "Don't Hit Me! Glass Detection in Real-world Scenes",
/// CVPR 2020, and those after it), which is that of salient object detection.
///
/// - IoU of each picture with glass where s ≥ 0.5, averaged; 1 when the union is empty.
/// - MAE = the mean over pixels of |s − g|, averaged over pictures.
/// - BER = 100 · (1 − ½ (TP / N_p + TN / N_n)) at s ≥ 0.5, averaged; a class without a pixel is left out of its picture's mean.
/// - F_β = the largest over the thresholds t = 0 … 255 of (1 + β²) P R / (β² P + R), β² = 0.3, where P and R are the means over
///   pictures of (TP + ε) / (|q| + ε) and (TP + ε) / (|g| + ε) with q where ⌊255 s + ½⌋ > t, ε = 0.0001. So it stands in the
///   published code, and the ε is its rule for empty masks.
struct GlassProtocol: ScoringProtocol {
    static let betaSquared = 0.3
    static let epsilon = 1e-4

    let addendCount = 4 + 2 * 256

    func addends(of record: ImageRecord) -> [Double] {
        let counts = record.pixels
        let glassCount = Double(counts.fromHalf.glassCount)
        var precisions = [Double](repeating: 0, count: 256)
        var recalls = precisions
        let (glass, other) = (counts.glassHistogram, counts.otherHistogram)
        // Values above 255: none.
        var (truePositives, positives) = (0, 0)
        for threshold in stride(from: 255, through: 0, by: -1) {
            precisions[threshold] = (Double(truePositives) + Self.epsilon) / (Double(positives) + Self.epsilon)
            recalls[threshold] = (Double(truePositives) + Self.epsilon) / (glassCount + Self.epsilon)
            truePositives += glass[threshold]
            positives += glass[threshold] + other[threshold]
        }
        let meanAbsoluteError = counts.absoluteErrorSum / Double(counts.pixelCount)
        return [1, counts.fromHalf.iou, meanAbsoluteError, counts.fromHalf.balancedErrorRate] + precisions + recalls
    }

    func scores(of sums: ArraySlice<Double>) -> [Quantity: Double] {
        let start = sums.startIndex
        let images = sums[start]
        var best = 0.0
        for threshold in 0..<256 {
            let precision = sums[start + 4 + threshold] / images
            let recall = sums[start + 260 + threshold] / images
            let fBeta = (1 + Self.betaSquared) * precision * recall / (Self.betaSquared * precision + recall)
            best = max(best, fBeta)
        }
        return [
            .iou: sums[start + 1] / images, .mae: sums[start + 2] / images, .ber: sums[start + 3] / images,
            .fBeta: best,
        ]
    }
}
