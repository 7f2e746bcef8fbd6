import Foundation
import Limits
import StableDiffusion3

/// How much memory a segmenter in float32 on the CPU takes, planned from shapes, against a limit.
///
/// The numbers of activations were fitted to measured peaks (`Docs/performance.md`).
struct SegmentationMemory {
    /// Of the program and libtorch.
    private static let base = 300 << 20
    /// Floats for each pixel of the input and each channel of the VAE's outermost block, at the decoder's peak.
    private static let floatsPerPixelAndChannel = 6.0

    private let limit: Int
    private let autoencoderBytes: Int
    private let transformerBytes: Int
    private let blockBytes: Int
    private let bytesPerPixel: Double

    init(_ folder: ModelFolder, precision: Precision, decodes: Bool, limit: Int) throws {
        self.limit = limit
        let transformer = try folder.transformerConfiguration()
        let counts = try folder.parameterCounts(decodes: decodes)
        let bytesOfWeight = [.exact: 4, .fast: 2, .int8: 1][precision] ?? 4
        let folded = FoldedTransformer.parameterCount(transformer, promptTokens: try folder.promptTokenCount())
        autoencoderBytes = counts.autoencoder * 4
        transformerBytes = folded * bytesOfWeight
        // As stored, and as folded.
        blockBytes = (counts.transformer + folded) * 4 / transformer.numLayers
        let channels = try folder.autoencoderConfiguration().blockOutChannels.first ?? 128
        bytesPerPixel = 4 * Self.floatsPerPixelAndChannel * Double(channels)
    }

    /// Whether all weights and a pass at this size are more than the limit.
    func mustStream(side: Int) throws -> Bool { total(isStreamed: false, pixels: side * side) > limit }

    /// Throws ``SegmentationError/memory(_:)`` when a pass would take more than the limit.
    ///
    /// - Parameter pictures: Pixels of the pictures themselves, as they are read and as their masks will be.
    func check(count: Int, height: Int, width: Int, pictures: Int, isStreamed: Bool) throws {
        let pass = total(isStreamed: isStreamed, pixels: count * height * width)
        let ownSize = pictures * Self.bytesOfPicturePixel
        guard max(pass, Self.base + ownSize) > limit else { return }
        func text(_ bytes: Int) -> String { String(format: "%.1f GiB", Double(bytes) / Double(1 << 30)) }
        let subject = count == 1 ? "a picture" : "\(count) pictures"
        guard pass > limit else {
            throw SegmentationError.memory(
                "\(subject) of \(pictures) pixels and masks of their size would take about \(text(Self.base + ownSize)), and the memory limit is \(text(limit)); make the pictures smaller\(count == 1 ? "" : ", take fewer at once") or take a higher limit"
            )
        }
        throw SegmentationError.memory(
            "\(subject) of \(width) x \(height) would take about \(text(pass)), and the memory limit is \(text(limit)); take a smaller size\(count == 1 ? "" : ", fewer pictures at once") or a higher limit"
        )
    }

    /// Throws `MemoryError` when a pass on the CPU would take more memory than is free, whoever set no limit.
    static func check(count: Int, height: Int, width: Int, channels: Int) throws {
        try MachineMemory.check(
            MachineMemory.product(Int(4 * floatsPerPixelAndChannel), channels, count, height, width),
            for: "\(count == 1 ? "a picture" : "\(count) pictures") at \(width) x \(height)",
            remedy: "take a smaller size" + (count == 1 ? "" : " or fewer pictures at once"))
    }

    /// Bytes of a picture's own pixel at the peak: 3 of the picture, and its mask twice, as it is resized and as it is kept.
    static let bytesOfPicturePixel = 12

    /// Bytes at the peak.
    func total(isStreamed: Bool, pixels: Int) -> Int {
        let activations = Int(bytesPerPixel * Double(pixels))
        // The last block is gone when the decoder starts.
        return Self.base + autoencoderBytes
            + (isStreamed ? max(blockBytes, activations) : transformerBytes + activations)
    }
}
