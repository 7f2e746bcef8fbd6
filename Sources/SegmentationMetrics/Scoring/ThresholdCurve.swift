/// What IoU, precision and recall would be if another threshold made masks of the same soft predictions.
///
/// It follows from the histograms of ``PixelCounts``, in which softness s is one of the 256 steps ⌊255 s + ½⌋: at step t glass is
/// where that is above t, hence where s ≥ (t + ½) / 255. Step 127 is the glass protocol's s ≥ 0.5, and at step 255 nothing is
/// glass.
///
/// ```swift
/// let threshold = ThresholdCurve(validationRecords).best?.threshold ?? 0.5
/// ```
public struct ThresholdCurve: Equatable, Sendable {
    public struct Point: Equatable, Sendable {
        /// 0 to 255.
        public let step: Int
        /// The mean over pictures of their IoU, where that of two empty masks is 1.
        public let meanIoU: Double
        /// The IoU of the pixels of all pictures together; 1 when there is no glass in truths and masks.
        public let pooledIoU: Double
        /// The share of all pixels taken for glass that are glass, `nil` when none was taken for it.
        public let precision: Double?
        /// The share of all pixels of glass that were found, `nil` when there are none.
        public let recall: Double?

        /// The least softness that counts as glass.
        public var threshold: Double { (Double(step) + 0.5) / 255 }
    }

    /// One a step, from 0 to 255; none without records.
    public let points: [Point]

    /// The point with the largest mean IoU, of equal ones the lowest; `nil` without records.
    public var best: Point? {
        points.max { ($0.meanIoU, $1.step) < ($1.meanIoU, $0.step) }
    }

    /// Adds up the histograms of all `records`.
    public init(_ records: [ImageRecord]) {
        guard !records.isEmpty else {
            points = []
            return
        }
        var ious = [Double](repeating: 0, count: 256)
        var pooled = [BinaryCounts](repeating: BinaryCounts(), count: 256)
        for record in records {
            var counts = BinaryCounts()
            let (glass, other) = (record.pixels.glassHistogram, record.pixels.otherHistogram)
            counts.falseNegatives = glass.reduce(0, +)
            counts.trueNegatives = other.reduce(0, +)
            for step in stride(from: 255, through: 0, by: -1) {
                ious[step] += counts.iou
                pooled[step].add(counts)
                counts.move(glass: glass[step], other: other[step])
            }
        }
        points = (0..<256).map { step in
            let counts = pooled[step]
            return Point(
                step: step, meanIoU: ious[step] / Double(records.count), pooledIoU: counts.iou,
                precision: rate(counts.truePositives, of: counts.truePositives + counts.falsePositives),
                recall: counts.recall)
        }
    }
}

extension BinaryCounts {
    fileprivate mutating func add(_ other: BinaryCounts) {
        truePositives += other.truePositives
        falsePositives += other.falsePositives
        falseNegatives += other.falseNegatives
        trueNegatives += other.trueNegatives
    }

    /// Takes as many pixels more for glass.
    fileprivate mutating func move(glass: Int, other: Int) {
        truePositives += glass
        falseNegatives -= glass
        falsePositives += other
        trueNegatives -= other
    }
}
