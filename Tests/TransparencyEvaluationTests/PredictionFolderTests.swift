import Foundation
import Images
import SegmentationMetrics
import TestSupport
import Testing

@testable import TransparencyEvaluation
@testable import TransparencySegmentation

@Suite struct PredictionFolderTests {
    private func make(_ names: [String], in folder: String) throws {
        let dot = try Image(width: 1, height: 1, channels: 1, pixels: [255])
        for name in names {
            let path = URL(fileURLWithPath: "\(folder)/\(name)")
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try dot.write(to: path.path)
        }
    }

    private func found(_ masks: [PredictedMask]) -> [[String]] {
        masks.map { mask in
            guard case .file(let truth) = mask.truth else { return [] }
            return [mask.id, mask.prediction, truth].map { ($0 as NSString).lastPathComponent }
        }
    }

    @Test func theOriginalsNamesInOneFolder() throws {
        try withTemporaryFolder { folder in
            try make(
                ["7_pred.png", "7_maskq.png", "7_maskgt.png", "7_img.png", "12_maskq.png", "12_maskgt.png"], in: folder)
            let masks = try PredictionFolder.masks(predictions: folder, groundTruth: folder)
            #expect(found(masks) == [["12", "12_maskq.png", "12_maskgt.png"], ["7", "7_pred.png", "7_maskgt.png"]])
            #expect(masks.map { $0.picture != nil } == [false, true])
        }
    }

    @Test func twoFoldersAndDifficulties() throws {
        try withTemporaryFolder { folder in
            try make(
                ["p/easy/1_soft.png", "p/easy/1_mask.png", "p/hard/1.png", "t/easy/1_mask.png", "t/hard/1.png"],
                in: folder)
            let masks = try PredictionFolder.masks(predictions: "\(folder)/p", groundTruth: "\(folder)/t")
            #expect(found(masks) == [["1", "1_soft.png", "1_mask.png"], ["1", "1.png", "1.png"]])
            #expect(masks.map(\.difficulty) == [.easy, .hard])
        }
    }

    @Test func whatDoesNotFitIsSaid() throws {
        try withTemporaryFolder { folder in
            try make(["p/1.png", "t/1.png", "t/2.png", "t/3.png"], in: folder)
            let error = EvaluationError.unmatched(
                what: "prediction", folder: "\(folder)/p", count: 2, example: "\(folder)/t/2.png")
            #expect(throws: error) {
                try PredictionFolder.masks(predictions: "\(folder)/p", groundTruth: "\(folder)/t")
            }
            #expect("\(error)".hasSuffix("t/2.png and 1 others"))
            try make(["x/1_img.png"], in: folder)
            #expect(throws: EvaluationError.self) {
                try PredictionFolder.masks(predictions: "\(folder)/x", groundTruth: "\(folder)/x")
            }
        }
    }
}
