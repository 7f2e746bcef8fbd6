import Foundation

/// What softness is divided by as log-odds, so that it becomes the probability of glass: s' = σ(logit(s) / T).
///
/// Of temperature scaling (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017). A model's softness is a decoded picture and may be
/// 0 or 1, where log-odds are infinite: s is first brought to 1/510…509/510, half a step of a file from either end. What is above 0.5 stays above
/// it, and so do what is below and 0.5 itself: a mask at the threshold 0.5 does not change.
public struct Temperature: Sendable, Equatable {
    /// What temperatures may be.
    package static let bounds = 0.05...20.0
    private static let least = 1.0 / 510

    /// Above 1 for a model that is too sure, below 1 for one that is not sure enough.
    public let value: Double

    /// - Returns: nil of a value outside 0.05…20.
    public init?(_ value: Double) {
        guard Self.bounds.contains(value) else { return nil }
        self.value = value
    }

    /// The log-odds of a softness of 0…1, finite.
    package static func logOdds(_ softness: Double) -> Double {
        let softness = min(max(softness, least), 1 - least)
        return log(softness / (1 - softness))
    }

    /// The calibrated softness, 0…1.
    package func calibrated(_ softness: Double) -> Float {
        let probability = Float(1 / (1 + exp(-Self.logOdds(softness) / value)))
        // Rounding must not carry a pixel across.
        if softness > 0.5 { return max(probability, Float(0.5).nextUp) }
        return softness < 0.5 ? min(probability, Float(0.5).nextDown) : 0.5
    }

    /// The mask with its softness calibrated, one plane.
    package func calibrated(_ mask: SoftMask) -> SoftMask {
        let count = mask.width * mask.height
        let planeCount = mask.planes.count / max(1, count)
        let planes = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            mask.planes.withUnsafeBufferPointer { planes in
                for index in 0..<count {
                    var sum = 0.0
                    for plane in 0..<planeCount { sum += Double(planes[plane * count + index]) }
                    buffer[index] = calibrated(sum / Double(planeCount))
                }
            }
            initialized = count
        }
        return SoftMask(width: mask.width, height: mask.height, planes: planes, kinds: mask.kinds)
    }
}
