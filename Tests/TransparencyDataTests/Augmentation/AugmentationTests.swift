import Images
import SyntheticScenes
import Testing

@testable import TransparencyData

@Suite struct AugmentationTests {
    private func blank(like picture: Image) throws -> Image {
        try DatasetBuilder.blank(width: picture.width, height: picture.height, channels: 1, value: 0)
    }

    private func apply(
        _ parameters: AugmentationParameters, to picture: Image, width: Int? = nil, height: Int? = nil
    ) throws -> Image {
        try parameters.apply(
            to: picture, mask: blank(like: picture), width: width ?? picture.width, height: height ?? picture.height
        ).picture
    }

    /// The largest difference of two pictures, and the share of their samples that differ.
    private func difference(_ one: Image, _ other: Image) -> (largest: Int, share: Double) {
        guard (one.width, one.height) == (other.width, other.height) else { return (256, 1) }
        let differences = zip(one.pixels, other.pixels).map { abs(Int($0) - Int($1)) }
        return (differences.max() ?? 0, Double(differences.count { $0 > 0 }) / Double(differences.count))
    }

    @Test func pixelsAreAlbumentations() throws {
        for item in try AugmentationFixtures.decoded("cases", as: [AugmentationFixtures.Case].self) {
            let source = try AugmentationFixtures.picture(item.source)
            let expected = try AugmentationFixtures.picture(item.name)
            let found = difference(
                try apply(item.parameters, to: source, width: item.width, height: item.height), expected)
            #expect(found.largest <= 1, "\(item): \(found)")
            // OpenCV takes large kernels through a Fourier transform and has several ways to resize, which round halves otherwise.
            let isJitter = item.motion == nil && item.gaussian == nil && item.width == nil
            #expect(found.share <= (isJitter ? 0 : 0.05), "\(item): \(found)")
        }
    }

    @Test func otherParametersAreNoticed() throws {
        let cases = try AugmentationFixtures.decoded("cases", as: [AugmentationFixtures.Case].self)
        func changed(_ change: (inout AugmentationFixtures.Case) -> Bool) throws {
            var wrong = try #require(
                cases.first { item in
                    var item = item
                    return item.source == "shapes" && change(&item)
                })
            _ = change(&wrong)
            let source = try AugmentationFixtures.picture(wrong.source)
            let found = difference(
                try apply(wrong.parameters, to: source, width: wrong.width, height: wrong.height),
                try AugmentationFixtures.picture(wrong.name))
            #expect(found.largest > 1, "\(wrong)")
        }
        try changed {
            $0.motion?.angle += 20
            return $0.motion != nil
        }
        try changed {
            $0.gaussian?.sigma *= 1.1
            return $0.gaussian != nil
        }
        try changed {
            $0.jitter?.hue += 0.01
            return ($0.jitter?.hue ?? 0) > 0.05
        }
        try changed {
            $0.jitter?.contrast += 0.02
            return ($0.jitter?.contrast ?? 1) > 1.1
        }
        try changed { item in
            let isFlipped = item.isFlipped == true
            item.isFlipped = false
            return isFlipped
        }
    }

    @Test func parametersThatMakeNoSenseAreRefused() throws {
        let picture = try AugmentationFixtures.picture("odd")
        let jitter = ColorJitter(brightness: .nan, contrast: 1, saturation: 1, hue: 0)
        let twice = ColorJitter(
            brightness: 1, contrast: 1, saturation: 1, hue: 0, order: [.hue, .hue, .contrast, .brightness])
        for parameters in [
            AugmentationParameters(jitter: jitter), AugmentationParameters(jitter: twice),
            AugmentationParameters(blur: .gaussian(GaussianBlur(size: 11, sigma: 0))),
            AugmentationParameters(blur: .gaussian(GaussianBlur(size: 12, sigma: 1))),
            AugmentationParameters(
                blur: .motion(MotionBlur(size: 11, angle: .infinity, direction: 0, shiftX: 0, shiftY: 0))),
            AugmentationParameters(noise: GaussNoise(sigma: 200, seed: 1)),
        ] {
            #expect(throws: AugmentationError.self) { try apply(parameters, to: picture) }
        }
    }

    @Test func masksAreResizedAsOpenCVDoes() throws {
        for item in try AugmentationFixtures.decoded("nearest", as: [AugmentationFixtures.Nearest].self) {
            #expect(nearestPositions(from: item.width, to: item.columns.count) == item.columns)
            #expect(nearestPositions(from: item.height, to: item.rows.count) == item.rows)
        }
    }

    @Test func theFlipMovesPictureAndMaskTogether() throws {
        let (picture, mask) = try SyntheticScene(seed: 1, split: .train, index: 2, size: 48).draw()
        let flipped = try AugmentationParameters(isFlipped: true).apply(to: picture, mask: mask, width: 48, height: 48)
        #expect(flipped.picture == picture.turned(from: .topRight) && flipped.mask == mask.turned(from: .topRight))
        #expect(flipped.mask != mask)
        let still = try AugmentationParameters.none.apply(to: picture, mask: mask, width: 24, height: 32)
        #expect(try still.picture == picture.resizedBilinear(width: 24, height: 32))
        #expect(try still.mask == mask.resizedNearest(width: 24, height: 32))
        #expect(throws: AugmentationError.self) {
            try AugmentationParameters.none.apply(to: picture, mask: flipped.picture, width: 8, height: 8)
        }
    }

    /// What resizing does not look at is left out, and that must not show.
    @Test func resizingAfterwardsIsTheSame() throws {
        let picture = try AugmentationFixtures.picture("shapes")
        var kinds: Set<String> = []
        for index in 0..<80 {
            let parameters = AugmentationParameters(seed: 3, epoch: 0, index: index)
            kinds.insert("\(parameters.jitter != nil) \(parameters.blur != nil) \(parameters.noise != nil)")
            let whole = try apply(parameters, to: picture)
            for (width, height) in [(30, 31), (64, 20), (200, 150)] {
                #expect(
                    try apply(parameters, to: picture, width: width, height: height)
                        == whole.resizedBilinear(width: width, height: height))
            }
        }
        #expect(kinds.count == 8)
    }

    @Test func parametersAreAFunctionOfSeedEpochAndIndex() {
        let draw = { (seed: UInt64, epoch: Int, index: Int) in
            AugmentationParameters(seed: seed, epoch: epoch, index: index)
        }
        // Written down, so that a change of the law of runs is seen.
        let sample = (0..<64).map { draw(5, 2, $0) }
        #expect(sample == (0..<64).map { draw(5, 2, $0) })
        #expect(sample != (0..<64).map { draw(6, 2, $0) })
        #expect(sample != (0..<64).map { draw(5, 3, $0) })
        #expect(sample.count { $0.isFlipped } == 34)
    }
}
