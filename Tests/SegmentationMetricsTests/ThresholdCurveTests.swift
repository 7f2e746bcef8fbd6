import MetricsTestSupport
import SeededRandom
import Testing

@testable import SegmentationMetrics

@Suite struct ThresholdCurveTests {
    private struct Drawn {
        let soft: [Float]
        let truth: [UInt8]
    }

    private func drawn() -> [Drawn] {
        var random = SplitMix64(seed: 3)
        return (0..<6).map { picture in
            let truth = (0..<60).map { _ in UInt8(random.next(below: 6) < picture ? 1 : 0) }
            let soft = truth.map { label in
                // Multiples of 1/765 lie on no limit between steps, where rounding would decide.
                Float(min(765, 180 * Int(label) + random.next(below: 600))) / 765
            }
            return Drawn(soft: soft, truth: truth)
        }
    }

    private func records(_ pictures: [Drawn]) throws -> [ImageRecord] {
        try pictures.enumerated().map { index, picture in
            let pixels = try PixelCounts(prediction: picture.soft, truth: picture.truth, width: 10, height: 6)
            return ImageRecord(id: "\(index)", pixels: pixels)
        }
    }

    @Test func everyPointIsWhatCountingGives() throws {
        let pictures = drawn()
        let curve = ThresholdCurve(try records(pictures))
        #expect(curve.points.map(\.step) == Array(0...255))
        for point in curve.points {
            var (ious, hits, found, glass) = ([Double](), 0, 0, 0)
            for picture in pictures {
                let mask = picture.soft.map { (255 * Double($0) + 0.5).rounded(.down) > Double(point.step) }
                let both = zip(mask, picture.truth).count { $0 && $1 > 0 }
                let either = zip(mask, picture.truth).count { $0 || $1 > 0 }
                ious.append(either == 0 ? 1 : Double(both) / Double(either))
                hits += both
                found += mask.count { $0 }
                glass += picture.truth.count { $0 > 0 }
            }
            #expect(abs(point.meanIoU - ious.reduce(0, +) / 6) < 1e-12, "\(point.step)")
            #expect(abs(point.pooledIoU - Double(hits) / Double(found + glass - hits)) < 1e-12, "\(point.step)")
            #expect(point.precision == (found == 0 ? nil : Double(hits) / Double(found)), "\(point.step)")
            #expect(point.recall == Double(hits) / Double(glass), "\(point.step)")
        }
    }

    @Test func theThresholdOfAPointMakesItsMask() throws {
        let pictures = drawn()
        let curve = ThresholdCurve(try records(pictures))
        for point in curve.points {
            let glass: [Float] = pictures.flatMap { picture in
                zip(picture.soft, picture.truth).filter { $0.1 > 0 }.map(\.0)
            }
            let hits = glass.count { Double($0) >= point.threshold }
            #expect(point.recall == Double(hits) / Double(glass.count), "\(point.step)")
        }
        #expect(curve.points[127].threshold == 0.5)
    }

    @Test func theMiddleIsTheGlassProtocol() throws {
        let records = try randomRecords(30)
        let metrics = try Metrics(records: records, settings: EvaluationSettings(resolution: nil))
        let expected = try #require(metrics.protocols[.glass]?[.iou])
        #expect(abs(ThresholdCurve(records).points[127].meanIoU - expected) < 1e-12)
    }

    @Test func theBestIsTheLowestOfTheLargest() throws {
        let perfect = try PixelCounts(prediction: [0.2, 0.8], truth: [0, 1], width: 2, height: 1)
        let curve = ThresholdCurve([ImageRecord(id: "a", pixels: perfect)])
        let best = try #require(curve.best)
        // 0.2 is step 51, which is not above 51.
        #expect(best.step == 51 && best.meanIoU == 1)
        #expect(curve.points[203].meanIoU == 1 && curve.points[204].meanIoU == 0)
    }

    @Test func withoutGlassOrPictures() throws {
        let none = try PixelCounts(prediction: [0, 0.1], truth: [0, 0], width: 2, height: 1)
        let curve = ThresholdCurve([ImageRecord(id: "a", pixels: none)])
        #expect(curve.points.allSatisfy { $0.recall == nil })
        #expect(curve.points[0].precision == 0 && curve.points[0].meanIoU == 0 && curve.points[0].pooledIoU == 0)
        #expect(curve.points[255].precision == nil && curve.points[255].meanIoU == 1)
        #expect(ThresholdCurve([]).points.isEmpty && ThresholdCurve([]).best == nil)
    }
}
