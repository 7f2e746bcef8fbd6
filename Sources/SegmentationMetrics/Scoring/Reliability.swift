/// How often pixels of a softness are glass: where softness is a probability, as often as it says.
///
/// Pixels of all pictures go into 15 bins of equal width by their softness, in 256 steps. The expected calibration error is
/// ECE = Σ_b n_b / N · |mean softness in b − share of glass in b| (Naeini, Cooper & Hauskrecht, "Obtaining Well Calibrated Probabilities Using
/// Bayesian Binning", AAAI 2015; Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, with 15 bins). Softness is the probability of
/// glass, not that of the class that was chosen: too much softness in the background is not made up for by too little in the glass.
public struct Reliability: Codable, Equatable, Sendable {
    /// Pixels whose softness is from `low` on and below the next bin's.
    public struct Bin: Codable, Equatable, Sendable {
        public var pixels: Int
        /// Their mean softness, 0…1; nil without pixels.
        public var softness: Double?
        /// The share of them that is glass, 0…1; nil without pixels.
        public var glass: Double?
    }

    public static let binCount = 15

    /// The expected calibration error, 0…1.
    public var ece: Double
    /// By softness, ascending.
    public var bins: [Bin]

    /// Counts the pixels of all records.
    public init(_ records: [ImageRecord]) {
        // Steps of softness as whole numbers: the sums do not depend on the records' order.
        var (pixels, steps, glassCounts) = (
            [Int](repeating: 0, count: Self.binCount), [Int](repeating: 0, count: Self.binCount),
            [Int](repeating: 0, count: Self.binCount)
        )
        for record in records {
            for (level, glass, other) in Self.levels(of: record) {
                let bin = Self.bin(of: level)
                pixels[bin] += glass + other
                steps[bin] += (glass + other) * level
                glassCounts[bin] += glass
            }
        }
        let soft = steps.map { Double($0) / 255 }
        bins = (0..<Self.binCount).map { bin in
            Bin(
                pixels: pixels[bin], softness: mean(soft[bin], over: Double(pixels[bin])),
                glass: rate(glassCounts[bin], of: pixels[bin]))
        }
        let gap = (0..<Self.binCount).reduce(0.0) { $0 + abs(soft[$1] - Double(glassCounts[$1])) }
        ece = mean(gap, over: Double(pixels.reduce(0, +))) ?? 0
    }

    /// The bin of one of the 256 steps of softness: 17 steps each, the last with one more.
    static func bin(of level: Int) -> Int { min(binCount - 1, level * binCount / 255) }

    /// Each step of softness with its pixels of glass and of anything else.
    package static func levels(of record: ImageRecord) -> [(level: Int, glass: Int, other: Int)] {
        zip(record.pixels.glassHistogram, record.pixels.otherHistogram).enumerated().map { ($0, $1.0, $1.1) }
    }
}
