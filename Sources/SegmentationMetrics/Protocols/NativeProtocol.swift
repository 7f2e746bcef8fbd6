/// Masks at the pictures' own resolutions: IoU and boundary F of each picture, then their means; and the IoU of all pixels together.
///
/// Precision and recall of boundaries within a tolerance, and what they are when one is empty, are those of DAVIS (Perazzi et
/// al., CVPR 2016, `f_boundary`); the tolerance is `bfscore`'s, see ``NativeCounts``.
struct NativeProtocol: ScoringProtocol {
    let addendCount = 7

    func addends(of record: ImageRecord) -> [Double] {
        guard let native = record.native else { return [Double](repeating: 0, count: addendCount) }
        return [
            1, native.pixels.iou, native.fMeasure, native.precision, native.recall,
            Double(native.pixels.truePositives), Double(native.pixels.unionCount),
        ]
    }

    func scores(of sums: ArraySlice<Double>) -> [Quantity: Double] {
        let means = sums.map { $0 / sums[sums.startIndex] }
        return [
            .iou: means[1], .boundaryF: means[2], .boundaryPrecision: means[3], .boundaryRecall: means[4],
            .pooledIoU: mean(means[5], over: means[6]) ?? 1,
        ]
    }
}
