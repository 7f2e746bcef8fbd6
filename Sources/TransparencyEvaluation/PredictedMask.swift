import Files
import Foundation
import Images
public import SegmentationMetrics
public import TransparencyData
import TransparencySegmentation

/// A prediction on disk, made by whatever program, and the truth that belongs to it.
public struct PredictedMask: Sendable {
    public let id: String
    public let difficulty: Difficulty?
    /// The file of the prediction: grey or RGB, 0 opaque, 255 transparent.
    public let prediction: String
    /// The mask that was quantised before the prediction was rounded to 8 bits, where one is beside it.
    public let quantised: String?
    public let truth: Truth
    /// The photograph, where one lies beside the truth.
    public let picture: String?

    /// Where the truth is.
    public enum Truth: Sendable {
        case file(String)
        case pair(DatasetPair, Dataset)
    }

    /// How masks are read and compared.
    public struct Settings: Sendable {
        /// To which predictions and truths are brought; nil leaves each pair its own, which must then be the same.
        public var size: (width: Int, height: Int)?
        public var threshold: Double
        /// Whether predictions are masks with things in red and stuff in white.
        public var areClasses: Bool
        /// Whether boundaries are compared too where prediction and truth have one size.
        public var countsNative: Bool

        public init(
            size: (width: Int, height: Int)? = nil, threshold: Double = 0.5, areClasses: Bool = false,
            countsNative: Bool = true
        ) {
            (self.size, self.threshold, self.areClasses, self.countsNative) = (
                size, threshold, areClasses, countsNative
            )
        }
    }

    /// Tells what is in the files apart from what was. Throws `FileReadError`, and `DatasetError` of a pair.
    func filesHash() throws -> String {
        let own = try [prediction, quantised].map { try $0.map(SHA256.digest(ofFile:)) ?? "" }
        let truth =
            switch truth {
            case .file(let path): try SHA256.digest(ofFile: path)
            case .pair(let pair, let dataset):
                try dataset.filesHash(of: [pair]) + pair.repairs.map(\.rawValue).joined(separator: ",")
            }
        return SHA256.digest(of: (own + [truth]).joined(separator: " ").utf8)
    }

    /// Reads both and counts. Throws `ImageError`, `DatasetError`, ``EvaluationError`` and `MetricsError`.
    public func score(_ settings: Settings) throws -> ScoredPrediction {
        var (photograph, mask): (Image?, Image)
        switch truth {
        case .file(let path):
            mask = try Dataset.readMask(path)
            photograph = try picture.map { try ImageReader().read(contentsOf: $0) }
        case .pair(let pair, let dataset):
            let sample = try dataset.read(pair)
            (photograph, mask) = (sample.picture, sample.mask)
        }
        let own = mask
        var (planes, classes) = try readPrediction(settings)
        if let size = settings.size {
            mask = try mask.resizedNearest(width: size.width, height: size.height)
            planes =
                try settings.areClasses
                ? planes.resizedNearest(width: size.width, height: size.height)
                : planes.resizedBilinear(width: size.width, height: size.height)
            classes = try classes?.resizedNearest(width: size.width, height: size.height)
        }
        guard (planes.width, planes.height) == (mask.width, mask.height) else {
            throw EvaluationError.sizes(
                prediction: prediction, found: "\(planes.width) x \(planes.height)",
                expected: "\(mask.width) x \(mask.height)")
        }
        let published = try publishedMask(of: planes, settings)
        return try ScoredPrediction(
            id: id, difficulty: difficulty, picture: photograph, prediction: planes.planes(), quantised: published,
            predictedClasses: classes?.pixels, truth: mask, threshold: settings.threshold,
            native: native(planes, published, own, settings))
    }

    /// The prediction as a picture of softness, and its classes.
    private func readPrediction(_ settings: Settings) throws -> (Image, Image?) {
        guard settings.areClasses else { return (try ImageReader().readValues(contentsOf: prediction), nil) }
        let classes = try Dataset.readMask(prediction)
        let soft = try Image(
            width: classes.width, height: classes.height, channels: 1, pixels: classes.pixels.map { $0 > 0 ? 255 : 0 })
        return (soft, classes)
    }

    /// What the prediction was before it was rounded to 8 bits, as far as its published mask tells: where a mean of rounded channels is within
    /// a half of the middle, the mask decides. Elsewhere a mask that was quantised at another threshold could do harm.
    ///
    /// - Returns: nil where nothing better is known than the prediction, or another threshold or size is asked for.
    private func publishedMask(of planes: Image, _ settings: Settings) throws -> [Bool]? {
        guard let quantised, settings.threshold == 0.5, settings.size == nil, !settings.areClasses else { return nil }
        let mask = try ImageReader().readValues(contentsOf: quantised)
        guard (mask.width, mask.height) == (planes.width, planes.height) else {
            throw EvaluationError.sizes(
                prediction: quantised, found: "\(mask.width) x \(mask.height)",
                expected: "\(planes.width) x \(planes.height)")
        }
        let half = 255 * planes.channels
        return zip(planes.channelSums(), mask.channelSums()).map { sum, published in
            abs(2 * sum - half) <= planes.channels ? 2 * published > 255 * mask.channels : 2 * sum > half
        }
    }

    /// At the truth's own resolution, where the prediction has it.
    private func native(
        _ planes: Image, _ published: [Bool]?, _ truth: Image, _ settings: Settings
    ) -> (predicted: [Bool], truth: Image)? {
        guard settings.countsNative, settings.size == nil else { return nil }
        let limit = settings.threshold * 255 * Double(planes.channels)
        return (published ?? planes.channelSums().map { Double($0) > limit }, truth)
    }
}

extension Image {
    /// The sum of each pixel's channels.
    fileprivate func channelSums() -> [Int] {
        stride(from: 0, to: pixels.count, by: channels).map { start in
            pixels[start..<start + channels].reduce(0) { $0 + Int($1) }
        }
    }

    /// Each channel's samples in 0…1, one channel after the other.
    fileprivate func planes() -> [Float] {
        (0..<channels).flatMap { channel in
            stride(from: channel, to: pixels.count, by: channels).map { Float(pixels[$0]) / 255 }
        }
    }
}
