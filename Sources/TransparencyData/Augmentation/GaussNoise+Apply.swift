import Foundation
import SeededRandom

extension GaussNoise {
    /// Adds the noise to the samples of a grid in place: `clip(sample + trunc(noise), 0, 255)`, as albumentations 2.0.8 does with
    /// the albucore that it brings. Rounding to zero leaves a sample as it is twice as often as any other change.
    ///
    /// A sample's noise is a function of the seed and its place in the picture, so that it does not matter which others are worked
    /// out. It is one of 65,536 quantiles of the normal distribution, all equally likely, up to 4.3 standard deviations.
    func apply(to samples: inout [UInt8], grid: SampledGrid, width: Int) {
        let scaled = NormalQuantiles.values.map { Int16($0 * Float(255 * sigma)) }
        samples.withUnsafeMutableBufferPointer { samples in
            scaled.withUnsafeBufferPointer { quantiles in
                var position = 0
                for y in grid.rows {
                    for x in grid.columns {
                        let bits = SplitMix64.mix(seed &+ UInt64(y * width + x) &* 0x9E37_79B9_7F4A_7C15)
                        for channel in 0..<3 {
                            let noise = quantiles[Int(bits >> (16 * UInt64(channel)) & 0xFFFF)]
                            samples[position] = UInt8(min(max(Int16(samples[position]) + noise, 0), 255))
                            position += 1
                        }
                    }
                }
            }
        }
    }
}

/// Values of the standard normal distribution that are equally likely.
enum NormalQuantiles {
    /// The quantiles of (i + ½) / 65,536, ascending.
    static let values: [Float] = {
        let upper = (0..<32_768).map { quantile((Double($0) + 32_768.5) / 65_536) }
        return (upper.reversed().map { -$0 } + upper).map { Float($0) }
    }()

    /// By Newton's method on the distribution function, for probabilities of one half or more.
    private static func quantile(_ probability: Double) -> Double {
        var value = 0.0
        for _ in 0..<60 {
            // From the upper tail, which keeps its digits: 1 − p is exact here.
            let excess = 0.5 * erfc(value / 2.0.squareRoot()) - (1 - probability)
            let step = excess / (exp(-value * value / 2) / (2 * Double.pi).squareRoot())
            value += step
            if abs(step) < 1e-12 { break }
        }
        return value
    }
}
