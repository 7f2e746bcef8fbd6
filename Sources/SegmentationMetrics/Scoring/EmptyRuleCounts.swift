/// How many pictures met each rule for empty masks. `Docs/metrics.md` states the rules.
public struct EmptyRuleCounts: Codable, Equatable, Sendable {
    /// Neither truth nor prediction has glass: IoU is 1.
    public var emptyUnion = 0
    /// As ``emptyUnion``, with glass from a softness of 0.5 on, the glass protocol's.
    public var emptyUnionFromHalf = 0
    /// The truth has no glass: no recall, BER from the background alone, an F_β recall of 1.
    public var emptyTruth = 0
    /// The truth is all glass: the glass protocol's BER from the glass alone.
    public var fullTruth = 0
    /// The truth is all things or all stuff: TransLab's BER from that class alone. Without classes as ``fullTruth``.
    public var oneClassTruth = 0
    /// At its own resolution, neither mask has a boundary: boundary F is 1.
    public var noBoundary = 0
    /// At its own resolution, one of the masks has no boundary and the other has: boundary F is 0.
    public var oneBoundary = 0

    enum CodingKeys: String, CodingKey {
        case emptyUnion = "empty_union"
        case emptyUnionFromHalf = "empty_union_from_half"
        case emptyTruth = "empty_truth"
        case fullTruth = "full_truth"
        case oneClassTruth = "one_class_truth"
        case noBoundary = "no_boundary"
        case oneBoundary = "one_boundary"
    }

    init(_ records: [ImageRecord]) {
        for record in records {
            let counts = record.pixels
            if counts.aboveThreshold.unionCount == 0 { emptyUnion += 1 }
            if counts.fromHalf.unionCount == 0 { emptyUnionFromHalf += 1 }
            if counts.aboveThreshold.glassCount == 0 { emptyTruth += 1 }
            if counts.aboveThreshold.otherCount == 0 {
                fullTruth += 1
                let things = counts.classConfusion.map { $0[3..<6].reduce(0, +) } ?? 0
                if things == 0 || things == counts.pixelCount { oneClassTruth += 1 }
            }
            guard let native = record.native else { continue }
            switch (native.predictedCount == 0, native.truthCount == 0) {
            case (true, true): noBoundary += 1
            case (false, false): break
            default: oneBoundary += 1
            }
        }
    }
}
