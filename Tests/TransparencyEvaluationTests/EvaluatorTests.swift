import Images
import SegmentationMetrics
import SyntheticScenes
import TestSupport
import Testing
import TransparencyData

@testable import TransparencyEvaluation
@testable import TransparencySegmentation

@Suite struct EvaluatorTests {
    private func sample(_ index: Int) throws -> (pair: DatasetPair, sample: DatasetSample) {
        let scene = try SyntheticScene(seed: 1, split: .test, index: index, size: 96).draw()
        return (
            DatasetPair(id: "\(index)", split: .test, difficulty: .easy, picture: "\(index).jpg", mask: "\(index).png"),
            DatasetSample(picture: scene.picture, mask: scene.mask, orientation: .none)
        )
    }

    @Test func theSoftMaskOfThePassIsScored() throws {
        let segmenter = try Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let evaluator = try Evaluator(segmenter: segmenter, size: .exact(height: 32, width: 48))
        let sample = try sample(0)
        let scored = try #require(try evaluator.evaluate([sample]).first)
        let prediction = try segmenter.predict(sample.sample.picture, size: .exact(height: 32, width: 48))
        #expect(scored.prediction == (try prediction.mask().array(of: Float.self)))
        #expect((scored.truth.width, scored.truth.height) == (48, 32))
        let soft = try prediction.softMask().array(of: Float.self)
        let found = zip(soft, scored.truth.pixels).count { $0 > 0.5 && $1 > 0 }
        #expect(scored.record.pixels.aboveThreshold.truePositives == found)
        #expect(scored.record.difficulty == .easy && scored.record.native?.width == 96)
        // Pictures for people say the same.
        let quantised = try scored.quantisedImage()
        #expect(zip(quantised.pixels, soft).allSatisfy { ($0 == 255) == ($1 > 0.5) })
        #expect(try scored.predictionImage().pixels[0] == UInt8((scored.prediction[0] * 255).rounded()))
    }

    @Test func aBatchIsItsPictures() throws {
        let evaluator = try Evaluator(segmenter: Segmenter(device: .cpu), countsNative: false)
        let samples = try (0..<3).map(sample)
        let together = try evaluator.evaluate(samples)
        for (index, one) in samples.enumerated() {
            let alone = try evaluator.evaluate([one])[0]
            let worst = zip(alone.prediction, together[index].prediction).map { abs($0 - $1) }.max() ?? 1
            #expect(worst < 1e-4)
            #expect(alone.record.native == nil)
        }
    }

    @Test func theAutoencoderKeepsMasksBetterThanTheModelFindsThem() throws {
        let segmenter = try Segmenter(device: .cpu)
        let samples = try (0..<4).map(sample)
        func iou(_ subject: Evaluator.Subject) throws -> Double {
            let scored = try Evaluator(segmenter: segmenter, subject: subject).evaluate(samples)
            return scored.map { $0.record.pixels.aboveThreshold.iou }.reduce(0, +) / 4
        }
        #expect(try iou(.autoencoder) > 0.9)
        #expect(try iou(.model) < iou(.autoencoder))
    }

    @Test func sizesThatDependOnThePictureAreRefused() throws {
        let segmenter = try Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        #expect(throws: SegmentationError.self) { try Evaluator(segmenter: segmenter, size: .fit(64)) }
        #expect(throws: SegmentationError.self) { try Evaluator(segmenter: segmenter, size: .square(50)) }
    }
}
