/// How many pixels were rightly and wrongly taken for glass.
public struct BinaryCounts: Codable, Equatable, Sendable {
    /// Glass, and found.
    public var truePositives = 0
    /// Not glass, but taken for it.
    public var falsePositives = 0
    /// Glass, but missed.
    public var falseNegatives = 0
    /// Not glass, and not taken for it.
    public var trueNegatives = 0

    public init() {}

    public init(truePositives: Int, falsePositives: Int, falseNegatives: Int, trueNegatives: Int) {
        self.truePositives = truePositives
        self.falsePositives = falsePositives
        self.falseNegatives = falseNegatives
        self.trueNegatives = trueNegatives
    }

    enum CodingKeys: String, CodingKey {
        case truePositives = "tp"
        case falsePositives = "fp"
        case falseNegatives = "fn"
        case trueNegatives = "tn"
    }

    /// Counts one pixel.
    mutating func add(predicted: Bool, truth: Bool) {
        switch (predicted, truth) {
        case (true, true): truePositives += 1
        case (true, false): falsePositives += 1
        case (false, true): falseNegatives += 1
        case (false, false): trueNegatives += 1
        }
    }

    /// Pixels of glass.
    public var glassCount: Int { truePositives + falseNegatives }

    /// Pixels of anything else.
    public var otherCount: Int { falsePositives + trueNegatives }

    /// Pixels that are glass or were taken for it.
    public var unionCount: Int { truePositives + falsePositives + falseNegatives }

    /// Intersection over union. 1 when the union is empty: both masks agree that there is no glass.
    public var iou: Double { unionCount == 0 ? 1 : Double(truePositives) / Double(unionCount) }

    /// The share of the glass that was found, `nil` when there is none.
    public var recall: Double? { rate(truePositives, of: glassCount) }

    /// The balanced error rate in percent: 100 · (1 − the mean of the two classes' recalls). A class without a pixel has no
    /// recall, and is left out of the mean.
    public var balancedErrorRate: Double {
        balancedError(rate(truePositives, of: glassCount), rate(trueNegatives, of: otherCount))
    }
}

/// `part / whole`, `nil` when there is no whole.
func rate(_ part: Int, of whole: Int) -> Double? {
    whole == 0 ? nil : Double(part) / Double(whole)
}

/// 100 · (1 − the mean of the recalls that exist).
func balancedError(_ recalls: Double?...) -> Double {
    let existing = recalls.compactMap(\.self)
    return 100 * (1 - existing.reduce(0, +) / Double(max(existing.count, 1)))
}
