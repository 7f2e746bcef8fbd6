import Images
public import SegmentationMetrics
import Torch
public import TransparencyData
public import TransparencySegmentation

/// Holds predictions of masks against the truth.
///
/// ```swift
/// let dataset = try Dataset("Trans10K")
/// let evaluator = try Evaluator(predictor: await Segmenter(model: "sd35-glass"))
/// let scored = try await evaluator.evaluate(dataset.pairs(.test).prefix(4).map { ($0, try dataset.read($0)) })
/// let metrics = try Metrics(records: scored.map(\.record), settings: evaluator.settings)
/// ```
public struct Evaluator: Sendable {
    public let predictor: any MaskPredictor
    /// The model whose VAE alone is scored; nil where `predictor` is.
    private let autoencoder: Segmenter?
    /// Where pictures and masks are compared, pixels; also what the model is given.
    public let width: Int
    public let height: Int
    public let threshold: Double
    /// Whether masks are compared at the pictures' own resolution as well.
    public let countsNative: Bool

    /// - Parameters:
    ///   - size: A square or height and width; nil for what the model was made for. The original's published numbers are
    ///     of 1024, TransLab's of 512.
    ///   - threshold: The soft value above which a pixel counts as transparent.
    /// - Throws: ``SegmentationError/size(_:)``, also for a size that depends on the picture.
    public init(
        predictor: any MaskPredictor, size: InputSize? = nil, threshold: Double = 0.5, countsNative: Bool = true
    ) throws {
        try self.init(predictor, autoencoder: nil, size: size, threshold: threshold, countsNative: countsNative)
    }

    /// Scores the VAE of a model alone: what it gives back of the true masks, which no transformer can surpass by much.
    ///
    /// - Throws: As the other initializer.
    public init(autoencoderOf segmenter: Segmenter, size: InputSize? = nil, threshold: Double = 0.5) throws {
        try self.init(segmenter, autoencoder: segmenter, size: size, threshold: threshold, countsNative: false)
    }

    private init(
        _ predictor: any MaskPredictor, autoencoder: Segmenter?, size: InputSize?, threshold: Double,
        countsNative: Bool
    ) throws {
        if case .fit = size {
            throw SegmentationError.size(
                "an evaluation compares all pictures at one size; give a square or height and width")
        }
        (self.predictor, self.autoencoder) = (predictor, autoencoder)
        (height, width) = try predictor.inputSize(width: 1, height: 1, size: size)
        (self.threshold, self.countsNative) = (threshold, countsNative)
    }

    /// What the numbers depend on, for `Metrics`.
    public var settings: EvaluationSettings {
        let identity = autoencoder == nil ? predictor.identity : [:]
        return EvaluationSettings(
            resolution: .init(width: width, height: height), threshold: threshold, prediction: identity["prediction"],
            temperature: identity["temperature"].flatMap(Double.init))
    }

    /// Everything that the numbers of one picture depend on besides its files, by name.
    public var identity: [String: String] {
        let own = [
            "subject": autoencoder == nil ? "model" : "autoencoder", "native": "\(countsNative)",
            "resolution": "\(width) x \(height)", "threshold": "\(threshold)",
        ]
        return predictor.identity.merging(own) { $1 }
    }

    /// Predicts the samples of one batch in one pass and scores them, in order.
    ///
    /// - Throws: `TorchError`, ``SegmentationError/notFinite(dtype:)``, `MetricsError`.
    public func evaluate(_ samples: [(pair: DatasetPair, sample: DatasetSample)]) async throws -> [ScoredPrediction] {
        try await predict(samples).map { try $0.scored() }
    }

    /// The part of an evaluation that needs the device.
    package func predict(
        _ samples: [(pair: DatasetPair, sample: DatasetSample)]
    ) async throws -> [UnscoredPrediction] {
        let truths = try truths(of: samples)
        guard let autoencoder else {
            let masks = try await predictor.predict(samples.map(\.sample.picture), size: inputSize, at: resolutions)
            return unscored(samples, truths, masks)
        }
        let masks = try await ComputeActor.run { try autoencoder.reconstruct(truths) }
        return unscored(samples, truths, masks.map { MaskPrediction(atInput: $0) })
    }

    /// What ``evaluate(_:)`` does, for those who are on the thread that computes, with a segmenter of theirs.
    @ComputeActor
    package func evaluate(
        _ samples: [(pair: DatasetPair, sample: DatasetSample)], by segmenter: Segmenter
    ) throws -> [ScoredPrediction] {
        let masks = try segmenter.masks(of: samples.map(\.sample.picture), size: inputSize, at: resolutions)
        return try unscored(samples, truths(of: samples), masks).map { try $0.scored() }
    }

    private var inputSize: InputSize { .exact(height: height, width: width) }
    private var resolutions: Set<MaskResolution> { countsNative ? [.input, .picture] : [.input] }

    private func truths(of samples: [(pair: DatasetPair, sample: DatasetSample)]) throws -> [Image] {
        try samples.map { try $0.sample.mask.resizedNearest(width: width, height: height) }
    }

    private func unscored(
        _ samples: [(pair: DatasetPair, sample: DatasetSample)], _ truths: [Image], _ masks: [MaskPrediction]
    ) -> [UnscoredPrediction] {
        samples.indices.map { index in
            UnscoredPrediction(
                pair: samples[index].pair, sample: samples[index].sample, mask: masks[index], truth: truths[index],
                threshold: threshold)
        }
    }
}

/// A prediction whose pixels are not counted yet; counting needs no device and may be done on any thread.
package struct UnscoredPrediction: Sendable {
    let pair: DatasetPair
    let sample: DatasetSample
    let mask: MaskPrediction
    let truth: Image
    let threshold: Double

    /// Throws `MetricsError`.
    package func scored() throws -> ScoredPrediction {
        guard let input = mask.atInput else { preconditionFailure("the mask at the input's size was asked for") }
        let limit = Float(threshold)
        return try ScoredPrediction(
            id: pair.id, difficulty: pair.difficulty, picture: sample.picture, prediction: input.planes,
            predictedClasses: input.classes(above: threshold), truth: truth, threshold: threshold,
            native: mask.atPicture.map { ($0.values.map { $0 > limit }, sample.mask) })
    }
}
