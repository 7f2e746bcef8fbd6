/// What papers on glass surfaces report of Trans10K-Stuff, GDD, GSD and HSO since 2025 (such as VGGT-Glass, ACM MM 2026): one class, glass where
/// s ≥ 0.5, each number as the mean over pictures and of all pixels together, for papers differ in that and rarely say.
///
/// With TP, FP, FN, TN of a picture, or summed over pictures:
/// - IoU = TP / (TP + FP + FN); 1 without any glass in truth and mask.
/// - F_β = (1 + β²) TP / ((1 + β²) TP + β² FN + FP), β² = 0.3, of the mask; 1 without any glass in truth and mask. The largest over thresholds, as
///   GDNet's code has it, is `glass.fbeta`.
/// - MAE = the mean of |s − g|.
/// - BER = 100 · (1 − ½ (TP / N_p + TN / N_n)); a class without a pixel is left out of the mean.
/// - accuracy = (TP + TN) / N.
struct Trans10KStuffProtocol: ScoringProtocol {
    private static let betaSquared = 0.3

    let addendCount = 12

    func addends(of record: ImageRecord) -> [Double] {
        let (pixels, counts) = (record.pixels, record.pixels.fromHalf)
        let size = Double(pixels.pixelCount)
        let sums = [
            counts.truePositives, counts.falsePositives, counts.falseNegatives, counts.trueNegatives,
        ].map(Double.init)
        return [
            1, counts.iou, Self.fBeta(sums), pixels.absoluteErrorSum / size, counts.balancedErrorRate,
            (sums[0] + sums[3]) / size,
        ] + sums + [pixels.absoluteErrorSum, size]
    }

    func scores(of sums: ArraySlice<Double>) -> [Quantity: Double] {
        let sums = Array(sums)
        let means = sums.map { $0 / sums[0] }
        let counts = Array(sums[6..<10])
        let (positives, negatives) = (counts[0] + counts[2], counts[1] + counts[3])
        let union = counts[0] + counts[1] + counts[2]
        return [
            .iou: means[1], .fBeta: means[2], .mae: means[3], .ber: means[4], .accuracy: means[5],
            .pooledIoU: mean(counts[0], over: union) ?? 1, .pooledFBeta: Self.fBeta(counts),
            .pooledMAE: sums[10] / sums[11],
            .pooledBER: balancedError(mean(counts[0], over: positives), mean(counts[3], over: negatives)),
            .pooledAccuracy: (counts[0] + counts[3]) / sums[11],
        ]
    }

    /// Of TP, FP, FN and TN.
    private static func fBeta(_ counts: [Double]) -> Double {
        let hits = (1 + betaSquared) * counts[0]
        return mean(hits, over: hits + betaSquared * counts[2] + counts[1]) ?? 1
    }
}
