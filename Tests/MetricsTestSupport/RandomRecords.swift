import SeededRandom
package import SegmentationMetrics

/// Records of small random pictures, the same for the same seed; predictions are right from a `quality` of
/// 0.5 on.
package func randomRecords(_ count: Int, seed: UInt64 = 1, quality: Double = 0.3, withClasses: Bool = true) throws
    -> [ImageRecord]
{
    // Truths do not depend on the quality, so that runs of different qualities are of the same pictures.
    var (truths, noise) = (SplitMix64(seed: seed), SplitMix64(seed: seed &+ 1))
    return try (0..<count).map { index in
        let share = 1 + truths.next(below: 8)
        let truth = (0..<48).map { _ in UInt8(truths.next(below: 10) < share ? 1 + truths.next(below: 2) : 0) }
        let prediction = truth.map { label in
            Float(quality * (label > 0 ? 1 : 0) + (1 - quality) * Double(noise.next(below: 1001)) / 1000)
        }
        let classes = truth.map { noise.next(below: 10) < 6 ? $0 : UInt8(noise.next(below: 3)) }
        let pixels = try PixelCounts(
            prediction: prediction, predictedClasses: withClasses ? classes : nil, truth: truth, width: 8, height: 6)
        let native = try NativeCounts(predicted: prediction.map { $0 > 0.5 }, truth: truth, width: 8, height: 6)
        return ImageRecord(
            id: "\(index)", difficulty: index % 3 == 0 ? .hard : .easy, pixels: pixels, native: native)
    }
}
