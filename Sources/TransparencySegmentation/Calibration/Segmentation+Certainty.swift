import Foundation
public import Images

extension Segmentation {
    /// How good the mask is likely to be, 0…1: the IoU that is to be expected of it if softness is the probability of glass.
    ///
    /// With q the mask and s the softness it is Σ_q s / (|q| + Σ_¬q s), the ratio of the expected intersection and the expected union; the like of
    /// soft Dice confidence (Borges et al., "Soft Dice Confidence: A Near-Optimal Confidence Estimator for Selective Prediction in Semantic
    /// Segmentation", 2024) for IoU. Of an empty mask it is 1 less the largest softness. It is as true as the model's calibration.
    public var confidence: Double {
        var (count, inside, outside, largest) = (0, 0.0, 0.0, Float(0))
        for softness in softMask {
            largest = max(largest, softness)
            if softness > threshold {
                count += 1
                inside += Double(softness)
            } else {
                outside += Double(softness)
            }
        }
        return count == 0 ? Double(1 - largest) : inside / (Double(count) + outside)
    }

    /// How unsure each pixel is as a gray picture: the entropy of its softness in bits, 0 where it is surely glass or surely not, 255 where both are
    /// as likely.
    public func uncertaintyImage() throws -> Image {
        func bits(_ share: Float) -> Float { share > 0 ? -share * log2(share) : 0 }
        return try Image(
            width: width, height: height, channels: 1,
            pixels: softMask.map { UInt8((255 * min(1, bits($0) + bits(1 - $0))).rounded()) })
    }

    /// The same with softness brought to probabilities.
    func calibrated(by temperature: Temperature) -> Segmentation {
        Segmentation(
            temperature.calibrated(SoftMask(width: width, height: height, planes: softMask, kinds: classes)),
            threshold: threshold, timings: timings, passCount: passCount)
    }
}
