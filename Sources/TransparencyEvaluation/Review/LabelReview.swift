import Files
import Foundation
import Images
import SegmentationMetrics
package import TransparencyData
import TransparencySegmentation

/// The pairs of a data set by how much their masks contradict a model, for a person to look at.
package struct LabelReview: Sendable {
    /// A pair with what is shown of it.
    package struct Entry: Sendable {
        package let pair: DatasetPair
        package let label: LabelSuspicion
        /// Of the model's mask with the data set's, where the softness is at least 0.5.
        package let iou: Double
        /// Small JPEG pictures with what they are; none of those that are too far down to be shown.
        fileprivate(set) var pictures: [(name: String, bytes: [UInt8])] = []

        package var suspicion: Double { label.suspicion }
    }

    /// By falling suspicion, of equal ones by path.
    package let entries: [Entry]

    private static let side = 360

    /// Predicts and compares pairs.
    ///
    /// - Parameters:
    ///   - shownCount: Of how many pairs pictures are kept, the most suspicious.
    ///   - batch: Pictures in one pass.
    ///   - progress: Called after each pair with how many are done.
    /// - Throws: `DatasetError`, `ImageError`, `MetricsError`, what the predictor throws, and `CancellationError`.
    package static func run(
        _ evaluator: Evaluator, on pairs: [DatasetPair], of dataset: Dataset, shownCount: Int, batch: Int = 1,
        progress: (Int) -> Void = { _ in }
    ) async throws -> LabelReview {
        try dataset.check(pairs, decodedPixels: 0)
        let pipeline = SegmentationPipeline(
            pairs, bounds: PipelineBounds(batch: batch), pixels: { dataset.pixelCount(of: $0) },
            read: { (pair: $0, sample: try dataset.read($0)) },
            compute: { [evaluator] in try await evaluator.predict($0) },
            finish: { try entry(of: $1, $2.scored()) })
        var (entries, shown): ([Entry], [Int]) = ([], [])
        for await item in pipeline {
            entries.append(try item.result.get())
            progress(entries.count)
            // Pictures of no more than are shown: the least suspicious of them makes room.
            shown.append(entries.count - 1)
            guard shown.count > shownCount,
                let least = shown.indices.max(by: { isBefore(entries[shown[$0]], entries[shown[$1]]) })
            else { continue }
            entries[shown[least]].pictures = []
            shown.remove(at: least)
        }
        guard entries.count == pairs.count else { throw CancellationError() }
        return LabelReview(entries: entries.sorted(by: isBefore))
    }

    private static func isBefore(_ one: Entry, _ other: Entry) -> Bool {
        (other.suspicion, one.pair.picture) < (one.suspicion, other.pair.picture)
    }

    private static func entry(of pair: DatasetPair, _ scored: ScoredPrediction) throws -> Entry {
        let images = [
            ("picture", scored.picture), ("mask", try scored.truthImage()), ("model", try scored.predictionImage()),
            ("where they disagree", try scored.disagreementImage()),
        ]
        let counts = scored.record.pixels
        return Entry(
            pair: pair, label: LabelSuspicion(counts), iou: counts.fromHalf.iou,
            pictures: try images.compactMap { name, image in
                try image.map { (name, try $0.thumbnail(side: side).jpegData(quality: 80)) }
            })
    }

    /// A plan that leaves out pairs from a suspicion on, after what another plan does.
    package func plan(excludingFrom least: Double, after plan: RepairPlan? = nil) -> RepairPlan {
        var repairs = plan?.repairs ?? []
        for entry in entries where entry.suspicion >= least {
            let picture = entry.pair.picture
            repairs.removeAll { $0.picture == picture }
            let suspicion = String(format: "%.3f", entry.suspicion)
            repairs.append(
                .init(picture: picture, action: .exclude, reason: "mask and model disagree, suspicion \(suspicion)"))
        }
        return RepairPlan(repairs: repairs)
    }

    /// A line of the JSON array.
    private struct Line: Encodable {
        let picture: String
        let mask: String
        let suspicion: Double
        let iou: Double
        let missingShare: Double

        enum CodingKeys: String, CodingKey {
            case picture, mask, suspicion, iou
            case missingShare = "missing_share"
        }
    }

    /// All pairs as a JSON array, the most suspicious first.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let lines = entries.map {
            Line(
                picture: $0.pair.picture, mask: $0.pair.mask, suspicion: $0.suspicion, iou: $0.iou,
                missingShare: $0.label.missingShare)
        }
        return String(decoding: try encoder.encode(lines), as: UTF8.self)
    }

    /// The first few, for a terminal.
    package func text(count: Int = 10) -> String {
        let lines = entries.prefix(count).map { entry in
            String(format: "%.3f  IoU %.3f  ", entry.suspicion, entry.iou) + entry.pair.picture
        }
        return (["suspicion"] + lines).joined(separator: "\n")
    }
}

extension ScoredPrediction {
    /// Where mask and model disagree: red where the model is sure of glass that the mask has not, blue where it is sure that the mask's glass is
    /// none; the brighter, the surer. What both take for glass is gray.
    fileprivate func disagreementImage() throws -> Image {
        let count = truth.pixels.count
        let pixels = (0..<count).flatMap { index -> [UInt8] in
            let values = stride(from: index, to: prediction.count, by: count).map { prediction[$0] }
            let softness = values.reduce(0, +) / Float(values.count)
            let certainty = UInt8(min(255, 255 * abs(2 * softness - 1)))
            switch (softness >= 0.5, truth.pixels[index] > 0) {
            case (true, true): return [96, 96, 96]
            case (true, false): return [certainty, 0, 0]
            case (false, true): return [0, certainty / 3, certainty]
            case (false, false): return [0, 0, 0]
            }
        }
        return try Image(width: truth.width, height: truth.height, channels: 3, pixels: pixels)
    }
}
