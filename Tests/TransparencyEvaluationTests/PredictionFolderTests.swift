import Foundation
import Images
import SegmentationMetrics
import Synchronization
import TestSupport
import Testing
import TransparencyData

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

    /// A mean of 127.67 was below a half before it was rounded, one of 127 above: the mask of the original knows. What no rounding explains is
    /// of another threshold.
    @Test func thePublishedMaskDecidesWhereRoundingDoesNot() throws {
        try withTemporaryFolder { folder in
            let channels: [[UInt8]] = [[127, 128, 128], [127, 127, 127], [200, 200, 200], [0, 0, 0]]
            try Image(width: 4, height: 1, channels: 3, pixels: channels.flatMap { $0 })
                .write(to: "\(folder)/1_pred.png")
            try Image(width: 4, height: 1, channels: 1, pixels: [0, 255, 0, 255]).write(to: "\(folder)/1_maskq.png")
            try Image(width: 4, height: 1, channels: 1, pixels: [0, 255, 255, 0]).write(to: "\(folder)/1_maskgt.png")
            let mask = try PredictionFolder.masks(predictions: folder, groundTruth: folder)[0]
            let scored = try mask.score(.init())
            #expect(scored.record.pixels.aboveThreshold.iou == 1)
            #expect(scored.record.pixels.fromHalf.iou == 1)
            #expect(scored.record.native?.pixels.iou == 1)
            #expect(try scored.quantizedImage().pixels == [0, 255, 255, 0])
            // The softness is the prediction's, and another threshold is its own.
            let squares = channels.enumerated().map { index, values in
                values.reduce(0.0) { $0 + pow(Double($1) / 255 - (index == 1 || index == 2 ? 1 : 0), 2) }
            }
            #expect(abs(scored.record.pixels.squaredErrorSum - squares.reduce(0, +)) < 1e-6)
            #expect(try mask.score(.init(threshold: 0.499)).record.pixels.aboveThreshold.iou == 1.0 / 3)
        }
    }

    @Test func aPublishedMaskOfAnotherSizeIsNamed() throws {
        try withTemporaryFolder { folder in
            try make(["1_pred.png", "1_maskgt.png"], in: folder)
            try Image(width: 2, height: 1, channels: 1, pixels: [0, 255]).write(to: "\(folder)/1_maskq.png")
            let mask = try PredictionFolder.masks(predictions: folder, groundTruth: folder)[0]
            #expect(
                throws: EvaluationError.sizes(
                    prediction: "\(folder)/1_maskq.png", found: "2 x 1", expected: "1 x 1")
            ) { try mask.score(.init()) }
        }
    }

    /// A gray mask whose greatest value is 1 may hold labels or softness: its name or its siblings tell.
    @Test func otherPredictionsTellTheScale() throws {
        try withTemporaryFolder { folder in
            func write(_ pixels: [UInt8], _ name: String) throws -> String {
                try Image(width: 2, height: 1, channels: 1, pixels: pixels).write(to: "\(folder)/\(name)")
                return "\(folder)/\(name)"
            }
            let labels = try write([0, 1], "1.png")
            let soft = try write([0, 200], "2.png")
            let named = try write([0, 1], "3_soft.png")
            let truth = try write([0, 255], "t.png")
            func iou(_ path: String, siblings: [String]) throws -> Double {
                let mask = PredictedMask(
                    id: "1", difficulty: nil, prediction: path, quantized: nil, truth: .file(truth), picture: nil)
                let scored = try mask.score(.init(), masks: MaskReader(), siblings: siblings)
                return scored.record.pixels.aboveThreshold.iou
            }
            #expect(try iou(labels, siblings: [labels]) == 1)
            #expect(try iou(labels, siblings: [labels, soft]) == 0)
            #expect(try iou(named, siblings: [named]) == 0)
        }
    }

    /// A photograph beside its mask, and two names that Swift takes for the same.
    @Test func twoFilesOfOnePictureAreRefused() throws {
        try withTemporaryFolder { folder in
            try make(["p/1.png", "p/1.jpg", "q/1.png", "t/1.png"], in: folder)
            #expect(throws: DatasetError.sameName("\(folder)/p/1.jpg", "\(folder)/p/1.png")) {
                try PredictionFolder.masks(predictions: "\(folder)/p", groundTruth: "\(folder)/t")
            }
            #expect(throws: DatasetError.sameName("\(folder)/p/1.jpg", "\(folder)/p/1.png")) {
                try PredictionFolder.masks(predictions: "\(folder)/q", groundTruth: "\(folder)/p")
            }
        }
    }

    @Test func filesOfOtherFormatsAreNamed() throws {
        try withTemporaryFolder { folder in
            try make(["t/1.png"], in: folder)
            for path in ["p", "x"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(path)", withIntermediateDirectories: true)
            }
            try Data("?".utf8).write(to: URL(fileURLWithPath: "\(folder)/p/1_mask.npy"))
            #expect {
                try PredictionFolder.masks(predictions: "\(folder)/p", groundTruth: "\(folder)/t")
            } throws: {
                "\($0)".hasSuffix("t/1.png (1_mask.npy is there, of a format that is not read)")
            }
            #expect {
                try PredictionFolder.masks(predictions: "\(folder)/t", groundTruth: "\(folder)/p")
            } throws: {
                "\($0)".hasSuffix("; 1_mask.npy is there, of a format that is not read")
            }
        }
    }

    /// Percentages, and class numbers that are too great for labels.
    @Test func thatNothingIsAboveAHalfIsSaidOnce() throws {
        try withTemporaryFolder { folder in
            func write(_ pixels: [UInt8], _ name: String) throws -> String {
                try Image(width: 2, height: 1, channels: 1, pixels: pixels).write(to: "\(folder)/\(name).png")
                return "\(folder)/\(name).png"
            }
            let (one, two) = (try write([0, 100], "1"), try write([0, 99], "2"))
            let bright = try write([0, 128], "3")
            func told(_ siblings: [String], isSoft: Bool = false) throws -> [String] {
                let told = Mutex<[String]>([])
                let reader = MaskReader { text in told.withLock { $0.append(text) } }
                for path in siblings { _ = try reader.softness(path, siblings: siblings, isSoft: isSoft) }
                return told.withLock { $0 }
            }
            let warnings = try told([one, two])
            #expect(warnings.count == 1 && warnings[0].hasPrefix("the greatest value of \(one) is 100 of 255"))
            #expect(try told([one, two, bright]).isEmpty)
            #expect(try told([one, two], isSoft: true).isEmpty)
        }
    }

    @Test func guessesAreSaidOnce() throws {
        try withTemporaryFolder { folder in
            try Image(width: 2, height: 1, channels: 1, pixels: [0, 1]).write(to: "\(folder)/1.png")
            try Image(width: 2, height: 1, channels: 1, pixels: [0, 255]).write(to: "\(folder)/2.png")
            let told = Mutex<[String]>([])
            let reader = MaskReader { text in told.withLock { $0.append(text) } }
            for name in ["2", "1", "1", "2"] { _ = try reader.read("\(folder)/\(name).png") }
            #expect(
                told.withLock { $0 } == [
                    "masks such as \(folder)/1.png are read so: 0 is background, 1 things, 2 stuff"
                ])
        }
    }
}
