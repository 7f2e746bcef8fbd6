import Images
public import SegmentationMetrics
import Torch
public import TransparencyData
public import TransparencySegmentation

/// Holds a model's predictions against the truth.
///
/// ```swift
/// let dataset = try Dataset("Trans10K")
/// let evaluator = try Evaluator(segmenter: Segmenter(model: "sd35-glass"))
/// let scored = try evaluator.evaluate(dataset.pairs(.test).prefix(4).map { ($0, try dataset.read($0)) })
/// let metrics = try Metrics(records: scored.map(\.record), settings: evaluator.settings)
/// ```
public struct Evaluator {
    /// What is scored.
    public enum Subject: Sendable {
        /// The whole model.
        case model
        /// The VAE alone: what it gives back of the true masks, which no transformer can surpass by much.
        case autoencoder
    }

    public let segmenter: Segmenter
    public let subject: Subject
    /// Where pictures and masks are compared, pixels; also what the model is given.
    public let width: Int
    public let height: Int
    public let threshold: Double
    /// Whether masks are compared at the pictures' own resolution as well.
    public let countsNative: Bool

    /// - Parameters:
    ///   - size: A square or height and width; nil for what the model was made for. The original's published numbers are
    ///     of 1024, TransLab's of 512.
    /// - Throws: ``SegmentationError/size(_:)``, also for a size that depends on the picture.
    public init(
        segmenter: Segmenter, subject: Subject = .model, size: InputSize? = nil, threshold: Double = 0.5,
        countsNative: Bool = true
    ) throws {
        if case .fit = size {
            throw SegmentationError.size(
                "an evaluation compares all pictures at one size; give a square or height and width")
        }
        let (height, width) = try (size ?? segmenter.defaultSize).dimensions(
            width: 1, height: 1, unit: segmenter.sizeUnit, largest: segmenter.largestSide)
        (self.segmenter, self.subject, self.width, self.height) = (segmenter, subject, width, height)
        (self.threshold, self.countsNative) = (threshold, countsNative)
    }

    /// What the numbers depend on, for `Metrics`.
    public var settings: EvaluationSettings {
        EvaluationSettings(resolution: .init(width: width, height: height), threshold: threshold)
    }

    /// Predicts the samples of one batch in one pass and scores them, in order.
    ///
    /// - Throws: `TorchError`, ``SegmentationError/notFinite(dtype:)``, `MetricsError`.
    public func evaluate(_ samples: [(pair: DatasetPair, sample: DatasetSample)]) throws -> [ScoredPrediction] {
        try predict(samples).map { try $0.scored() }
    }

    /// The part of an evaluation that needs the device.
    package func predict(_ samples: [(pair: DatasetPair, sample: DatasetSample)]) throws -> [UnscoredPrediction] {
        let truths = try samples.map { try $0.sample.mask.resizedNearest(width: width, height: height) }
        let planes: [[Float]]
        var natives = [[Bool]?](repeating: nil, count: samples.count)
        var classes = [[UInt8]?](repeating: nil, count: samples.count)
        switch subject {
        case .model:
            let pictures = samples.map(\.sample.picture)
            let prediction = try segmenter.predict(pictures, size: .exact(height: height, width: width))
            let segmentations = try segmenter.segmentations(
                from: prediction, of: countsNative ? pictures : [], threshold: Float(threshold))
            let target = prediction.target
            // A mask in colours is scored by how surely something is transparent, and by its classes.
            let colours = try Self.planes(of: prediction.mask(), dtype: segmenter.dtype)
            classes = colours.map(target.classes)
            planes =
                try target == .binary ? colours : Self.planes(of: prediction.softMask(), dtype: segmenter.dtype)
            for (index, mask) in segmentations.enumerated() {
                natives[index] = mask.softMask.map { $0 > mask.threshold }
            }
        case .autoencoder:
            let masks = try Tensor(
                truths.flatMap { truth in (0..<3).flatMap { _ in truth.pixels.map { $0 > 0 ? Float(1) : 0 } } },
                shape: [samples.count, 3, height, width])
            planes = try Self.planes(of: segmenter.reconstruct(masks), dtype: segmenter.dtype)
        }
        return samples.indices.map { index in
            UnscoredPrediction(
                pair: samples[index].pair, sample: samples[index].sample, prediction: planes[index],
                predictedClasses: classes[index], truth: truths[index], threshold: threshold, nativeMask: natives[index]
            )
        }
    }

    /// Each picture's values on the host.
    private static func planes(of masks: Tensor, dtype: DType) throws -> [[Float]] {
        // A sum is finite only if everything in it is.
        let masks = try masks.to(.float32)
        guard try masks.sum().item().isFinite else { throw SegmentationError.notFinite(dtype: "\(dtype)") }
        return try (0..<masks.shape[0]).map { try masks.narrow(0, start: $0, length: 1).array(of: Float.self) }
    }
}

/// A prediction whose pixels are not counted yet; counting needs no device and may be done on any thread.
package struct UnscoredPrediction: Sendable {
    let pair: DatasetPair
    let sample: DatasetSample
    let prediction: [Float]
    let predictedClasses: [UInt8]?
    let truth: Image
    let threshold: Double
    let nativeMask: [Bool]?

    /// Throws `MetricsError`.
    package func scored() throws -> ScoredPrediction {
        try ScoredPrediction(
            id: pair.id, difficulty: pair.difficulty, picture: sample.picture,
            prediction: prediction, predictedClasses: predictedClasses, truth: truth, threshold: threshold,
            native: nativeMask.map { ($0, sample.mask) })
    }
}
