import Foundation
import Images
import SegmentationMetrics
import SyntheticScenes
import TestSupport
import Testing

@testable import TransparencyData
@testable import TransparencyEvaluation
@testable import TransparencySegmentation

@Suite struct LabelReviewTests {
    private func suspicion(_ prediction: [Float], _ truth: [UInt8]) throws -> LabelSuspicion {
        LabelSuspicion(try PixelCounts(prediction: prediction, truth: truth, width: truth.count, height: 1))
    }

    @Test func whatTheModelIsSureOfCounts() throws {
        #expect(try suspicion([1, 0], [1, 0]).suspicion == 0)
        #expect(try suspicion([1, 0], [0, 1]) == suspicion([1, 0], [0, 2]))
        #expect(try suspicion([1, 0], [0, 1]).suspicion == 1)
        #expect(try suspicion([0, 0], [0, 0]).suspicion == 0)
        // A pixel that the model does not know says next to nothing.
        #expect(try suspicion([1, 0.5], [1, 1]).suspicion < 0.01)
        let (unsure, sure) = (try suspicion([1, 0.4], [1, 1]), try suspicion([1, 0.1], [1, 1]))
        #expect(unsure.suspicion < sure.suspicion)
        #expect(sure.missingShare == 0)
        #expect(try suspicion([1, 0.9], [1, 0]).missingShare == 1)
    }

    /// A predictor that knows the truth, for its picture is the truth.
    private struct Seer: MaskPredictor {
        let defaultSize = InputSize.square(32)
        let sizeUnit = 1
        let largestSide = 64
        let identity = ["model": "seer"]

        func predict(
            _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
        ) async throws -> [MaskPrediction] {
            try pictures.map { picture in
                let input = try picture.resizedBilinear(width: 32, height: 32)
                let planes = (0..<32 * 32).map { 0.02 + 0.96 * Float(input.pixels[3 * $0]) / 255 }
                return MaskPrediction(atInput: SoftMask(width: 32, height: 32, planes: planes))
            }
        }
    }

    @Test func plantedFaultsComeFirst() async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("review-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        for folder in ["image", "mask"] {
            try FileManager.default.createDirectory(
                atPath: "\(root)/train/\(folder)", withIntermediateDirectories: true)
        }
        let wrong = [3: "emptied", 7: "inverted", 11: "half"]
        for index in 0..<14 {
            let truth = (0..<32 * 32).map { UInt8($0 % 32 > 4 + index && $0 / 32 > 8 ? 255 : 0) }
            let mask = truth.enumerated().map { place, value -> UInt8 in
                switch wrong[index] {
                case "emptied"?: 0
                case "inverted"?: 255 - value
                case "half"?: place / 32 > 20 ? 0 : value
                default: value
                }
            }
            let name = index == 7 ? "<b>7&" : "\(index)"
            try Image(width: 32, height: 32, channels: 3, pixels: truth.flatMap { [$0, $0, $0] })
                .write(to: "\(root)/train/image/\(name).png")
            try Image(width: 32, height: 32, channels: 1, pixels: mask).write(to: "\(root)/train/mask/\(name).png")
        }
        // A folder of image and mask is a layout that is known.
        let dataset = try Dataset(root)
        let pairs = try dataset.pairs(.train)
        #expect(pairs.count == 14)
        let review = try await LabelReview.run(
            Evaluator(predictor: Seer(), countsNative: false), on: pairs, of: dataset, shownCount: 4, batch: 2)
        #expect(Set(review.entries.prefix(3).map(\.pair.id)) == ["3", "<b>7&", "11"])
        #expect(review.entries[2].suspicion > 0.3 && review.entries[3].suspicion < 0.05)
        #expect(review.entries.map { $0.pictures.isEmpty } == (0..<14).map { $0 >= 4 })
        // The plan is one that the data set takes, after what another said.
        let before = RepairPlan(repairs: [
            .init(picture: pairs[0].picture, action: .readUpright, reason: "seen"),
            .init(picture: "train/image/3.png", action: .readUpright, reason: "seen"),
        ])
        let plan = review.plan(excludingFrom: 0.9, after: before)
        #expect(plan.excludedCount == 2 && plan.repairs.count == 3)
        #expect(try Dataset(root, plan: plan).pairs(.train).count == 12)
        // Names from outside are text, and the page asks for nothing.
        let html = ReviewSheet(of: review, root: "<i>", excludedFrom: 0.9).html()
        #expect(!html.contains("<b>7&") && !html.contains("<i>") && html.contains("&lt;b&gt;7&amp;"))
        #expect(html.contains("default-src 'none'"))
        #expect(html.components(separatedBy: "<img").count - 1 == 16)
        _ = try PageNode.parse(html)
        #expect(try JSONSerialization.jsonObject(with: Data(review.json().utf8)) is [[String: Any]])
    }
}
