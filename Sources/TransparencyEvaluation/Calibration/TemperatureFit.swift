import Foundation
import SegmentationMetrics
import TransparencySegmentation

/// The temperature under which the pixels of pictures are most likely, and what it does to the expected calibration error.
struct TemperatureFit {
    let temperature: Temperature
    let eceBefore: Double
    let eceAfter: Double

    /// Finds the least of the mean of −log s' of glass and −log(1 − s') of anything else, s' the calibrated softness in 256 steps: one
    /// minimum, for it is convex in 1 / T.
    ///
    /// - Parameter records: Of masks that were not calibrated.
    init(_ records: [ImageRecord]) {
        var counts = [(glass: Double, other: Double)](repeating: (0, 0), count: 256)
        for record in records {
            for (level, glass, other) in Reliability.levels(of: record) {
                counts[level] = (counts[level].glass + Double(glass), counts[level].other + Double(other))
            }
        }
        let odds = (0..<256).map { Temperature.logOdds(Double($0) / 255) }
        func loss(_ inverse: Double) -> Double {
            var sum = 0.0
            for level in 0..<256 {
                let scaled = odds[level] * inverse
                sum += counts[level].glass * log1p(exp(-scaled)) + counts[level].other * log1p(exp(scaled))
            }
            return sum
        }
        var (low, high) = (1 / Temperature.bounds.upperBound, 1 / Temperature.bounds.lowerBound)
        let golden = (5.0.squareRoot() - 1) / 2
        for _ in 0..<80 {
            let (one, other) = (high - golden * (high - low), low + golden * (high - low))
            if loss(one) <= loss(other) { high = other } else { low = one }
        }
        // As many digits as are told apart, so that the file's number is the one that is used.
        let value = (2 / (low + high) * 1e4).rounded() / 1e4
        let bounds = Temperature.bounds
        guard let found = Temperature(min(max(value, bounds.lowerBound), bounds.upperBound)) else {
            preconditionFailure("the search keeps to the bounds")
        }
        temperature = found
        eceBefore = Self.ece(of: counts) { Double($0) / 255 }
        eceAfter = Self.ece(of: counts) { Double(found.calibrated(Double($0) / 255)) }
    }

    /// As ``Reliability``, of softness that each of 256 steps becomes.
    private static func ece(
        of counts: [(glass: Double, other: Double)], softness: (Int) -> Double
    ) -> Double {
        var gaps = [Double](repeating: 0, count: Reliability.binCount)
        var total = 0.0
        for (level, count) in counts.enumerated() {
            let soft = softness(level)
            let bin = min(Reliability.binCount - 1, Int(soft * Double(Reliability.binCount)))
            gaps[bin] += (count.glass + count.other) * soft - count.glass
            total += count.glass + count.other
        }
        return total == 0 ? 0 : gaps.reduce(0) { $0 + abs($1) } / total
    }
}
