public import SegmentationMetrics

extension Report {
    /// Pictures that are worth to be looked at.
    public struct Selection: Equatable, Sendable {
        /// From the worst on.
        public let worst: [ImageRecord]
        /// From the best on.
        public let best: [ImageRecord]
    }

    /// The pictures with the smallest and the largest IoU of the original protocol; of equal ones the first by difficulty and id
    /// is the worse.
    ///
    /// Pictures without glass in truth and mask are left out: their IoU is 1 by a rule, and they show nothing. No picture is in
    /// both lists; where there are fewer than `worst + best`, both lists shrink alike.
    public static func selection(of records: [ImageRecord], worst: Int = 12, best: Int = 12) -> Selection {
        let sorted = sortedByIoU(records.filter { $0.pixels.aboveThreshold.unionCount > 0 })
        let (wantedWorst, wantedBest) = (max(worst, 0), max(best, 0))
        let wanted = wantedWorst + wantedBest
        guard wanted > sorted.count else {
            return Selection(worst: Array(sorted.prefix(wantedWorst)), best: sorted.suffix(wantedBest).reversed())
        }
        let worstCount = (sorted.count * wantedWorst + wanted - 1) / wanted
        return Selection(worst: Array(sorted[..<worstCount]), best: sorted[worstCount...].reversed())
    }

    /// From the worst on.
    static func sortedByIoU(_ records: [ImageRecord]) -> [ImageRecord] {
        records.map { (iou: $0.pixels.aboveThreshold.iou, record: $0) }
            .sorted {
                $0.iou == $1.iou
                    ? $0.record.sortKey.lexicographicallyPrecedes($1.record.sortKey) : $0.iou < $1.iou
            }
            .map(\.record)
    }
}
