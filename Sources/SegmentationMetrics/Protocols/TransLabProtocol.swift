/// TransLab's protocol (Xie et al., "Segmenting Transparent Objects in the Wild", ECCV 2020; `segmentron/utils/score.py` of
/// xieenze/Segment_Transparent_Objects): pixels are pooled over all pictures.
///
/// Classes are 0 background, 1 things, 2 stuff; p is the predicted, g the true one.
/// - IoU_c = Σ|p = c ∧ g = c| / Σ|p = c ∨ g = c|; mIoU is the mean over things and stuff.
/// - Acc = Σ|p = g ∧ g ≠ 0| / Σ|g ≠ 0|.
/// - MAE = the mean over pictures of the mean of |p − g|, so that background for stuff costs 2.
/// - BER_c of a picture with class c = 100 · (1 − ½ (TP / N_p + TN / N_n)) with TP = |p = g ∧ g = c| and
///   TN = |p = g ∧ g ≠ c|; BER_c is the mean over pictures with c, mBER that over things and stuff. Where c fills the picture,
///   N_n = 0 and BER_c = 100 · (1 − TP / N_p).
///
/// Without predicted classes glass is the one class, 1, and its IoU is called pooled IoU: it is not an mIoU. A class without a
/// pixel in truth and prediction has no IoU, one without a picture no BER; the means are over those that have one.
///
/// TransLab runs it at 512 × 512.
struct TransLabProtocol: ScoringProtocol {
    /// Whether things and stuff were predicted, in every picture.
    let hasClasses: Bool

    private var classes: [Int] { hasClasses ? [1, 2] : [1] }

    /// 1, MAE, nine of the confusion, then for each class: 1 if the picture has it, and its BER.
    var addendCount: Int { 11 + 2 * classes.count }

    func addends(of record: ImageRecord) -> [Double] {
        let confusion = confusion(of: record.pixels)
        let error = (0..<9).reduce(0) { $0 + abs($1 / 3 - $1 % 3) * confusion[$1] }
        var addends = [1, Double(error) / Double(record.pixels.pixelCount)] + confusion.map(Double.init)
        for label in classes {
            let ber = ber(of: label, in: confusion)
            addends += [ber == nil ? 0 : 1, ber ?? 0]
        }
        return addends
    }

    func scores(of sums: ArraySlice<Double>) -> [Quantity: Double] {
        let sums = Array(sums)
        let confusion = Array(sums[2..<11])
        let ious = classes.map { iou(of: $0, in: confusion) }
        let bers = classes.indices.map { mean(sums[12 + 2 * $0], over: sums[11 + 2 * $0]) }
        let right = classes.reduce(0) { $0 + confusion[4 * $1] }
        var scores: [Quantity: Double] = [.mae: sums[1] / sums[0]]
        scores[.accuracy] = mean(right, over: confusion[3...].reduce(0, +))
        scores[.meanBER] = meanOfExisting(bers)
        scores[hasClasses ? .meanIoU : .pooledIoU] = meanOfExisting(ious)
        if hasClasses {
            (scores[.thingsIoU], scores[.stuffIoU]) = (ious[0], ious[1])
            (scores[.thingsBER], scores[.stuffBER]) = (bers[0], bers[1])
        }
        return scores
    }

    /// Nine counts at `3 * truth + predicted`, with glass as class 1 when no classes were predicted.
    private func confusion(of counts: PixelCounts) -> [Int] {
        if hasClasses, let confusion = counts.classConfusion { return confusion }
        let binary = counts.aboveThreshold
        return [
            binary.trueNegatives, binary.falsePositives, 0,
            binary.falseNegatives, binary.truePositives, 0,
            0, 0, 0,
        ]
    }

    /// The balanced error rate of a class in a picture that has it.
    private func ber(of label: Int, in confusion: [Int]) -> Double? {
        let positives = confusion[3 * label..<3 * label + 3].reduce(0, +)
        guard let recall = rate(confusion[4 * label], of: positives) else { return nil }
        let rightNegatives = (0..<3).reduce(0) { $0 + ($1 == label ? 0 : confusion[4 * $1]) }
        return balancedError(recall, rate(rightNegatives, of: confusion.reduce(0, +) - positives))
    }

    private func iou(of label: Int, in confusion: [Double]) -> Double? {
        let truth = confusion[3 * label..<3 * label + 3].reduce(0, +)
        let predicted = confusion[label] + confusion[3 + label] + confusion[6 + label]
        return mean(confusion[4 * label], over: truth + predicted - confusion[4 * label])
    }

    private func meanOfExisting(_ values: [Double?]) -> Double? {
        let existing = values.compactMap(\.self)
        return mean(existing.reduce(0, +), over: Double(existing.count))
    }
}
