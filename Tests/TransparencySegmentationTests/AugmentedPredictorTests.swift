import Images
import TestSupport
import Testing

@testable import TransparencySegmentation

@Suite struct AugmentedPredictorTests {
    /// Looks more surely at what is further left.
    private let lopsided = DrawnPredictor { picture, x, _ in Float(picture.width - x) / Float(picture.width + 1) }
    private let picture: Image

    init() throws {
        picture = try Image.drawn(width: 60, height: 40) { x, y in (UInt8((x * 7 + y * 13) % 256), 0, 0) }
    }

    @Test func aMirroredPictureHasTheMirroredMask() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let predictor = PredictionMethod(flips: true).predictor(segmenter)
        let mask = try await predictor.predict([picture], size: nil, at: [.input, .picture])[0]
        let mirrored = try await predictor.predict([picture.mirrored()], size: nil, at: [.input, .picture])[0]
        #expect(mask.passCount == 2)
        for (one, other) in [(mask.atInput, mirrored.atInput), (mask.atPicture, mirrored.atPicture)] {
            let (one, other) = (try #require(one), try #require(other).mirrored())
            #expect(zip(one.planes, other.planes).allSatisfy { abs($0 - $1) < 1e-4 })
        }
        // The control: one pass is not the same in a mirror.
        let whole = try await segmenter.segment(picture).softMask
        let other = try await segmenter.segment(picture.mirrored()).softMask
        #expect(
            zip(whole, SoftMask(width: 60, height: 40, planes: other).mirrored().planes).contains {
                abs($0 - $1) > 1e-3
            })
    }

    @Test func flipsTakeTheMean() async throws {
        let mask = try await PredictionMethod(flips: true).predictor(lopsided).segment(picture)
        #expect(mask.softMask.allSatisfy { abs($0 - 0.5) < 0.02 })
        #expect(mask.passCount == 2 && mask.timings.encode == 2)
    }

    @Test func scalesAreSizesThatTheModelTakes() async throws {
        let augmented = AugmentedPredictor(lopsided, flips: false, scales: true)
        #expect(
            augmented.inputs((height: 64, width: 128)) == [
                .exact(height: 64, width: 128), .exact(height: 48, width: 96), .exact(height: 80, width: 160),
            ])
        // Where the largest side ends them, and where they are the same.
        #expect(augmented.inputs((height: 1024, width: 1024)).count == 2)
        #expect(augmented.inputs((height: 16, width: 16)).count == 1)
        let found = try await PredictionMethod(flips: true, scales: true).predictor(DrawnPredictor.red())
            .predict([picture, picture.mirrored()], size: .square(64), at: [.input, .picture])
        #expect(found.map(\.passCount) == [6, 6])
        #expect(found.allSatisfy { $0.atInput?.width == 64 && $0.atPicture?.width == 60 })
    }

    @Test func theIdentityNamesTheMethod() {
        let identities = [
            PredictionMethod(), PredictionMethod(tiles: true), PredictionMethod(flips: true),
            PredictionMethod(scales: true), PredictionMethod(cascade: [64, 128]), PredictionMethod(cascade: [64, 256]),
        ].map { $0.predictor(lopsided).identity }
        #expect(Set(identities).count == identities.count)
        #expect(identities[0] == lopsided.identity)
        #expect(identities.allSatisfy { $0["model"] == "drawn" })
    }
}
