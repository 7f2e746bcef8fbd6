import SegmentationMetrics

/// How far an evaluation is, and the means so far by the original's protocol.
public struct EvaluationProgress: Sendable {
    /// Pictures that this run is to score: those that an interrupted one scored before do not count.
    public let totalCount: Int
    public internal(set) var doneCount = 0
    /// What a person should know of the output folder, a sentence; nil for nothing.
    package let warning: String?

    private var pictureCount = 0
    private var recallCount = 0
    private var sums = (iou: 0.0, recall: 0.0, squaredError: 0.0)

    public var iou: Double { sums.iou / Double(max(pictureCount, 1)) }
    public var recall: Double { sums.recall / Double(max(recallCount, 1)) }
    public var mse: Double { sums.squaredError / Double(max(pictureCount, 1)) }

    init(totalCount: Int, earlier: [ImageRecord], warning: String? = nil) {
        (self.totalCount, self.warning) = (totalCount, warning)
        for record in earlier { add(record) }
    }

    mutating func add(_ record: ImageRecord) {
        let counts = record.pixels
        pictureCount += 1
        sums.iou += counts.aboveThreshold.iou
        if let recall = counts.aboveThreshold.recall {
            sums.recall += recall
            recallCount += 1
        }
        sums.squaredError += counts.squaredErrorSum / Double(3 * counts.pixelCount)
    }
}
