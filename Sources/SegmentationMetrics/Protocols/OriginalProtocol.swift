/// The protocol of the original Transparency Segmentation: each picture's IoU, recall and squared error, then their means.
///
/// - IoU = |q ∧ g| / |q ∨ g| with q where the softness is above the threshold; 1 when the union is empty.
/// - Recall = |q ∧ g| / |g|; pictures without glass are left out of the mean.
/// - MSE = the mean over pixels and three channels of (channel − g)².
///
/// The original runs it at 1024 × 1024 with a threshold of 0.5. An empty union or truth is not a number there.
struct OriginalProtocol: ScoringProtocol {
    let addendCount = 5

    func addends(of record: ImageRecord) -> [Double] {
        let counts = record.pixels
        let recall = counts.aboveThreshold.recall
        let meanSquaredError = counts.squaredErrorSum / Double(3 * counts.pixelCount)
        return [1, counts.aboveThreshold.iou, meanSquaredError, recall == nil ? 0 : 1, recall ?? 0]
    }

    func scores(of sums: ArraySlice<Double>) -> [Quantity: Double] {
        let sums = Array(sums)
        var scores: [Quantity: Double] = [.iou: sums[1] / sums[0], .mse: sums[2] / sums[0]]
        scores[.recall] = mean(sums[4], over: sums[3])
        return scores
    }
}
