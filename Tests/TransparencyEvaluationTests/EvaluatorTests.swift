import Images
import SegmentationMetrics
import SyntheticScenes
import TestSupport
import Testing
import Torch
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

    @ComputeActor @Test func theSoftMaskOfThePassIsScored() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let evaluator = try Evaluator(predictor: segmenter, size: .exact(height: 32, width: 48))
        let sample = try sample(0)
        let scored = try #require(try await evaluator.evaluate([sample]).first)
        let prediction = try segmenter.tensors(of: sample.sample.picture, size: .exact(height: 32, width: 48))
        #expect(scored.prediction == (try prediction.mask().array(of: Float.self)))
        #expect((scored.truth.width, scored.truth.height) == (48, 32))
        let soft = try prediction.softMask().array(of: Float.self)
        let found = zip(soft, scored.truth.pixels).count { $0 > 0.5 && $1 > 0 }
        #expect(scored.record.pixels.aboveThreshold.truePositives == found)
        #expect(scored.record.difficulty == .easy && scored.record.native?.width == 96)
        // Pictures for people say the same.
        let quantized = try scored.quantizedImage()
        #expect(zip(quantized.pixels, soft).allSatisfy { ($0 == 255) == ($1 > 0.5) })
        #expect(try scored.predictionImage().pixels[0] == UInt8((scored.prediction[0] * 255).rounded()))
    }

    @Test func aBatchIsItsPictures() async throws {
        let evaluator = try await Evaluator(predictor: Segmenter(device: .cpu), countsNative: false)
        let samples = try (0..<3).map(sample)
        let together = try await evaluator.evaluate(samples)
        for (index, one) in samples.enumerated() {
            let alone = try await evaluator.evaluate([one])[0]
            let worst = zip(alone.prediction, together[index].prediction).map { abs($0 - $1) }.max() ?? 1
            #expect(worst < 1e-4)
            #expect(alone.record.native == nil)
        }
    }

    @Test func theAutoencoderKeepsMasksBetterThanTheModelFindsThem() async throws {
        let segmenter = try await Segmenter(device: .cpu)
        let samples = try (0..<4).map(sample)
        func iou(_ evaluator: Evaluator) async throws -> Double {
            try await evaluator.evaluate(samples).map { $0.record.pixels.aboveThreshold.iou }.reduce(0, +) / 4
        }
        let autoencoder = try await iou(Evaluator(autoencoderOf: segmenter))
        #expect(autoencoder > 0.9)
        #expect(try await iou(Evaluator(predictor: segmenter)) < autoencoder)
    }

    @Test func sizesThatDependOnThePictureAreRefused() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        #expect(throws: SegmentationError.self) { try Evaluator(predictor: segmenter, size: .fit(64)) }
        #expect(throws: SegmentationError.self) { try Evaluator(predictor: segmenter, size: .square(50)) }
    }

    @Test func theIdentityHoldsWhatNumbersDependOn() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let own = try Evaluator(predictor: segmenter).identity
        #expect(own.merging(segmenter.identity) { $1 } == own)
        func changes(_ evaluator: Evaluator) -> Set<String> {
            Set(evaluator.identity.filter { own[$0.key] != $0.value }.keys)
        }
        #expect(try changes(Evaluator(predictor: segmenter, size: .square(32))) == ["resolution"])
        #expect(try changes(Evaluator(predictor: segmenter, threshold: 0.4)) == ["threshold"])
        #expect(try changes(Evaluator(predictor: segmenter, countsNative: false)) == ["native"])
        let flipped = try Evaluator(predictor: PredictionMethod(flips: true).predictor(segmenter))
        #expect(changes(flipped) == ["prediction"])
        #expect(flipped.settings.prediction == "flips")
        #expect(try changes(Evaluator(autoencoderOf: segmenter)) == ["native", "subject"])
        let int8 = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu, precision: .int8)
        #expect(try changes(Evaluator(predictor: int8)) == ["precision"])
    }

    @ComputeActor @Test func theThreadThatComputesScoresTheSame() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let evaluator = try Evaluator(predictor: segmenter)
        let samples = [try sample(0)]
        let here = try evaluator.evaluate(samples, by: segmenter)
        #expect(try await evaluator.evaluate(samples).map(\.record) == here.map(\.record))
    }
}
