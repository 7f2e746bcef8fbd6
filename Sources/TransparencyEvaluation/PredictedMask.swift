import Files
import Foundation
import Images
import Limits
public import SegmentationMetrics
public import TransparencyData
import TransparencySegmentation

/// A prediction on disk, made by whatever program, and the truth that belongs to it.
public struct PredictedMask: Sendable {
    public let id: String
    public let difficulty: Difficulty?
    /// The file of the prediction: a gray or RGB mask of any depth, labels of 0 and 1, a palette's, or a cut-out picture.
    public let prediction: String
    /// The mask that was quantized before the prediction was rounded to 8 bits, where one is beside it.
    public let quantized: String?
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

    /// Of the pictures that are compared, by the prediction's header; 0 where it cannot be told.
    var pixelCount: Int { ImageReader.pixelCount(ofFile: prediction) }

    /// Tells what is in the files apart from what was. Throws `FileReadError`, and `DatasetError` of a pair.
    func filesHash() throws -> String {
        let own = try [prediction, quantized].map { try $0.map(SHA256.digest(ofFile:)) ?? "" }
        let truth =
            switch truth {
            case .file(let path): try SHA256.digest(ofFile: path)
            case .pair(let pair, let dataset): try dataset.hash(of: pair)
            }
        return SHA256.digest(of: (own + [truth]).joined(separator: " ").utf8)
    }

    /// Reads both and counts. Throws `ImageError`, `DatasetError`, ``EvaluationError`` and `MetricsError`.
    public func score(_ settings: Settings) throws -> ScoredPrediction {
        try score(settings, masks: MaskReader(), siblings: [prediction])
    }

    /// - Parameter siblings: The predictions of the same program, of whose values the scale is taken where this one leaves it open.
    func score(_ settings: Settings, masks reader: MaskReader, siblings: [String]) throws -> ScoredPrediction {
        var (photograph, mask): (Image?, Image)
        switch truth {
        case .file(let path):
            mask = try reader.read(path)
            photograph = try picture.map { try ImageReader().read(contentsOf: $0) }
        case .pair(let pair, let dataset):
            let sample = try dataset.read(pair)
            (photograph, mask) = (sample.picture, sample.mask)
        }
        if let size = settings.size {
            // Planes and counts, in numbers of four bytes.
            try MachineMemory.check(
                MachineMemory.product(32, size.width, size.height), for: "comparing at \(size.width) x \(size.height)",
                remedy: "take a smaller --size")
        }
        let own = mask
        var (planes, classes) = try readPrediction(settings, reader, siblings)
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
        let published = try publishedMask(of: planes, settings, reader)
        return try ScoredPrediction(
            id: id, difficulty: difficulty, picture: photograph, prediction: planes.planes(), quantized: published,
            predictedClasses: classes?.pixels, truth: mask, threshold: settings.threshold,
            native: native(planes, published, own, settings))
    }

    /// The prediction as a picture of softness, and its classes.
    private func readPrediction(
        _ settings: Settings, _ reader: MaskReader, _ siblings: [String]
    ) throws -> (Image, Image?) {
        guard settings.areClasses else {
            let isSoft = PredictionFolder.holdsSoftness(prediction)
            return (try reader.softness(prediction, siblings: siblings, isSoft: isSoft), nil)
        }
        let classes = try reader.read(prediction)
        let soft = try Image(
            width: classes.width, height: classes.height, channels: 1, pixels: classes.pixels.map { $0 > 0 ? 255 : 0 })
        return (soft, classes)
    }

    /// What the prediction was before it was rounded to 8 bits, as far as its published mask tells: where a mean of rounded channels is within
    /// a half of the middle, the mask decides. Elsewhere a mask that was quantized at another threshold could do harm.
    ///
    /// - Returns: nil where nothing better is known than the prediction, or another threshold or size is asked for.
    private func publishedMask(of planes: Image, _ settings: Settings, _ reader: MaskReader) throws -> [Bool]? {
        guard let quantized, settings.threshold == 0.5, settings.size == nil, !settings.areClasses else { return nil }
        let mask = try reader.softness(quantized, siblings: [quantized], isSoft: false)
        guard (mask.width, mask.height) == (planes.width, planes.height) else {
            throw EvaluationError.sizes(
                prediction: quantized, found: "\(mask.width) x \(mask.height)",
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
