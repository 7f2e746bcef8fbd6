public import Images
public import SegmentationMetrics
import TransparencySegmentation

/// A prediction with the truth that it was held against, both at the resolution of the evaluation.
public struct ScoredPrediction: Sendable {
    public let record: ImageRecord
    /// The photograph, RGB, where there is one; of any size.
    public let picture: Image?
    /// What was predicted: three planes of `width * height` values in 0…1, or one for a gray prediction.
    public let prediction: [Float]
    /// Where glass was predicted, where that is known better than from ``prediction``.
    private let quantized: [Bool]?
    /// One channel: 0 background, 1 things, 2 stuff.
    public let truth: Image
    /// The softness above which a pixel counts as transparent.
    public let threshold: Double

    /// Counts a prediction.
    ///
    /// - Parameters:
    ///   - native: The predicted mask and the truth at the picture's own resolution, where that is to be counted.
    /// - Throws: `MetricsError`.
    init(
        id: String, difficulty: Difficulty?, picture: Image?, prediction: [Float], quantized: [Bool]? = nil,
        predictedClasses: [UInt8]? = nil, truth: Image, threshold: Double, native: (predicted: [Bool], truth: Image)?
    ) throws {
        (self.picture, self.prediction, self.truth, self.threshold) = (picture, prediction, truth, threshold)
        self.quantized = quantized
        record = ImageRecord(
            id: id, difficulty: difficulty,
            pixels: try PixelCounts(
                prediction: prediction, quantized: quantized, predictedClasses: predictedClasses, truth: truth.pixels,
                width: truth.width, height: truth.height, threshold: threshold),
            native: try native.map {
                try NativeCounts(
                    predicted: $0.predicted, truth: $0.truth.pixels, width: $0.truth.width, height: $0.truth.height)
            })
    }

    /// The prediction as an RGB picture.
    public func predictionImage() throws -> Image {
        let count = truth.pixels.count
        let plane = prediction.count == count ? 0 : count
        let pixels = (0..<3 * count).map { sample in
            UInt8((prediction[sample % 3 * plane + sample / 3] * 255).rounded())
        }
        return try Image(width: truth.width, height: truth.height, channels: 3, pixels: pixels)
    }

    /// Where glass was predicted, by default where the mean of the prediction's channels is above the threshold: gray, 0 or 255.
    public func quantizedImage() throws -> Image {
        let count = truth.pixels.count
        let pixels = (0..<count).map { index -> UInt8 in
            if let quantized { return quantized[index] ? 255 : 0 }
            let values = stride(from: index, to: prediction.count, by: count).map { Double(prediction[$0]) }
            return values.reduce(0, +) / Double(values.count) > threshold ? 255 : 0
        }
        return try Image(width: truth.width, height: truth.height, channels: 1, pixels: pixels)
    }

    /// The truth: gray, 0 or 255.
    public func truthImage() throws -> Image {
        try Image(width: truth.width, height: truth.height, channels: 1, pixels: truth.pixels.map { $0 > 0 ? 255 : 0 })
    }
}
