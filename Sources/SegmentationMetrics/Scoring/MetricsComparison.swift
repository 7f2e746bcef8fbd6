/// The differences between two runs over the same pictures, with paired intervals: each resample draws the same pictures for
/// both, so that what makes a picture hard for both does not count.
public struct MetricsComparison: Sendable {
    /// One number of both runs.
    public struct Row: Equatable, Sendable {
        /// `nil` for all pictures.
        public let difficulty: Difficulty?
        public let protocolName: ProtocolName
        public let quantity: Quantity
        public let first: Double
        public let second: Double
        /// Of second − first.
        public let interval: Interval

        public var difference: Double { second - first }

        /// Whether the interval leaves out zero.
        public var isSignificant: Bool { interval.low > 0 || interval.high < 0 }
    }

    /// The numbers that both runs have: all pictures, then easy, then hard; by protocol.
    public let rows: [Row]

    /// Compares the pictures of two runs.
    ///
    /// Throws ``MetricsError``: when the pictures are not the same, and as ``Metrics/init(records:settings:data:)``.
    public init(first: [ImageRecord], second: [ImageRecord], bootstrap: BootstrapSettings = .init()) throws {
        let (one, other) = (try Scorer(first), try Scorer(second))
        let (oneKeys, otherKeys) = (Set(one.records.map(\.sortKey)), Set(other.records.map(\.sortKey)))
        if let example = oneKeys.symmetricDifference(otherKeys).min(by: { $0.lexicographicallyPrecedes($1) }) {
            throw MetricsError.differentImages(
                onlyFirst: oneKeys.subtracting(otherKeys).count, onlySecond: otherKeys.subtracting(oneKeys).count,
                example: example.filter { !$0.isEmpty }.joined(separator: "/"))
        }
        let (oneScores, otherScores) = (one.scores(), other.scores())
        let resampled = Array(zip(one.resampledScores(bootstrap), other.resampledScores(bootstrap)))
        var rows: [Row] = []
        for difficulty in [nil] + Difficulty.allCases.map(Optional.some) {
            for name in ProtocolName.allCases {
                for quantity in Quantity.allCases {
                    let key = ScoreKey(
                        subset: difficulty.map(Subset.init) ?? .all, protocolName: name, quantity: quantity)
                    let differences = resampled.compactMap { one, other -> Double? in
                        guard let one = one[key], let other = other[key] else { return nil }
                        return other - one
                    }
                    guard let first = oneScores[key], let second = otherScores[key],
                        let interval = Interval(percentilesOf: differences)
                    else { continue }
                    rows.append(
                        Row(
                            difficulty: difficulty, protocolName: name, quantity: quantity, first: first,
                            second: second, interval: interval))
                }
            }
        }
        self.rows = rows
    }
}
