/// How intervals are made: pictures are drawn with replacement, as many as there are, and every number is worked out anew; the
/// interval is from the 2.5th to the 97.5th percentile (Efron's percentile method).
///
/// Easy and hard pictures are drawn from one urn, so that all numbers of a resample go together. A number that a resample does
/// not define, such as one of hard pictures when none was drawn, is left out.
public struct BootstrapSettings: Codable, Equatable, Sendable {
    /// The share of resamples within an interval.
    public static let level = 0.95

    /// How often pictures are drawn, at least 1.
    public var resamples: Int
    /// The same seed and pictures give the same intervals.
    public var seed: UInt64

    public init(resamples: Int = 1000, seed: UInt64 = 0) {
        self.resamples = resamples
        self.seed = seed
    }
}
