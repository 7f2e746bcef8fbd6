import EmbeddedModel
import Images
import TestSupport
import Testing
import Torch

@testable import TransparencySegmentation

@Suite struct SegmenterTests {
    let picture: Image

    init() throws {
        let pixels = (0..<6000).map { (index: Int) in UInt8((index * 7 + index / 150) % 256) }
        picture = try Image(width: 50, height: 40, channels: 3, pixels: pixels)
    }

    @Test(arguments: [Segmenter.Form.folded, .plain])
    func aPassIsDiffusersPass(form: Segmenter.Form) throws {
        // The golden picture is noise in float32, so that the whole pass is compared from its latent on by the parity
        // tests of the models; here both forms of the front door must agree with one another and with its parts.
        let segmenter = try Segmenter(model: "\(goldens)/tiny-0", device: .cpu, form: form)
        #expect(segmenter.sizeUnit == 16)
        #expect(segmenter.defaultSize == .square(64))
        let prediction = try segmenter.predict(picture, size: .exact(height: 32, width: 48))
        #expect(prediction.image.shape == [1, 3, 32, 48])
        #expect(prediction.imageLatent.shape == [1, 16, 4, 6])
        let reference = try Segmenter(model: "\(goldens)/tiny-0", device: .cpu, form: .plain)
            .predict(picture, size: .exact(height: 32, width: 48))
        try expectClose(prediction.decoded, reference.decoded, within: Tolerance.folded, "decoded")

        let mask = try segmenter.segmentation(from: prediction, of: picture)
        let direct = try segmenter.segment(picture, size: .exact(height: 32, width: 48))
        #expect(mask.softMask == direct.softMask)
        #expect(mask.width == 50 && mask.height == 40 && mask.softMask.count == 2000)
        #expect(mask.softMask.allSatisfy { (0...1).contains($0) })
        let resized = try prediction.softMask().upsampleBilinear(height: 40, width: 50, antialias: true)
        #expect(try resized.clamp(0...1).array(of: Float.self) == mask.softMask)
    }

    @Test func picturesAreScaledToTheUnitRange() throws {
        let segmenter = try Segmenter(model: "\(goldens)/tiny-1", device: .cpu)
        let white = try Image(width: 16, height: 16, channels: 3, pixels: Array(repeating: 255, count: 768))
        #expect(try segmenter.predict(white).image.array(of: Float.self).allSatisfy { $0 == 1 })
        // Without resizing the tensor is the pixels, red first.
        let same = try segmenter.predict(picture.cropped(to: 16), size: .square(16)).image
        #expect(try same.array(of: Float.self)[1] == Float(picture.pixels[3]) / 255)
    }

    @Test func threadsDoNotChangeTheResult() throws {
        let before = TorchRuntime.threadCount
        defer { try? TorchRuntime.setThreadCount(before) }
        let segmenter = try Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        try TorchRuntime.setThreadCount(1)
        let one = try segmenter.predict(picture).decoded
        try TorchRuntime.setThreadCount(2)
        try expectClose(segmenter.predict(picture).decoded, one, within: Tolerance.rounding, "decoded")
    }

    @Test func aMemoryLimitStreamsTheModelOrRefuses() throws {
        let free = try Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let expected = try free.segment(picture)
        #expect(!free.isStreamed)
        // All that a tiny model takes is the program itself and a pass: the plan is asked for the limits.
        let plan = try SegmentationMemory(free.model, precision: .exact, limit: 0)
        let limit = plan.total(isStreamed: true, pixels: 64 * 64)
        #expect(limit < plan.total(isStreamed: false, pixels: 64 * 64))
        let limited = try Segmenter(model: "\(goldens)/tiny-0", device: .cpu, memoryLimit: limit)
        #expect(limited.isStreamed)
        #expect(try limited.segment(picture).softMask == expected.softMask)
        #expect(throws: SegmentationError.self) { try limited.segment(picture, size: .square(512)) }
        #expect(try !Segmenter(model: "\(goldens)/tiny-0", device: .cpu, memoryLimit: 4 << 30).isStreamed)
    }

    @Test(arguments: [Precision.fast, .int8])
    func fewerBitsAreForFoldedFloat32(precision: Precision) throws {
        let model = "\(goldens)/tiny-0"
        let exact = try Segmenter(model: model, device: .cpu).segment(picture).softMask
        let rounded = try Segmenter(model: model, device: .cpu, precision: precision).segment(picture).softMask
        #expect(rounded != exact)
        #expect(zip(rounded, exact).allSatisfy { abs($0 - $1) < 0.1 })
        #expect(throws: SegmentationError.self) {
            try Segmenter(model: model, device: .cpu, dtype: .bfloat16, precision: precision)
        }
        #expect(throws: SegmentationError.self) {
            try Segmenter(model: model, device: .cpu, form: .plain, precision: precision)
        }
    }

    @Test func batchesOfSeveralSizesKeepTheirOrder() throws {
        let segmenter = try Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let tall = try Image(width: 20, height: 60, channels: 3, pixels: Array(picture.pixels.prefix(3600)))
        let masks = try segmenter.segment([picture, tall, picture], size: .fit(64))
        #expect(masks.map(\.width) == [50, 20, 50])
        for (mask, source) in zip(masks, [picture, tall, picture]) {
            let alone = try segmenter.segment(source, size: .fit(64))
            #expect(zip(mask.softMask, alone.softMask).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test func theEmbeddedModelFindsTheExamplesGlass() throws {
        let segmenter = try Segmenter(device: .cpu)
        #expect(segmenter.defaultSize == .square(128))
        let path = try #require(EmbeddedModel.examplePicture)
        let mask = try segmenter.segment(contentsOf: path)
        #expect((0.02...0.6).contains(mask.transparentShare))
    }

    @Test func refusesADeviceThatIsNotThere() {
        let error = #expect(throws: SegmentationError.self) {
            try Segmenter(model: "\(goldens)/tiny-0", device: Device(.cuda, index: 120))
        }
        #expect(error?.description.contains("cuda:120") == true)
    }
}

@Suite struct SegmentationTests {
    let picture: Image
    let segmentation: Segmentation

    init() throws {
        picture = try Image(width: 2, height: 1, channels: 3, pixels: [10, 20, 30, 40, 50, 60])
        segmentation = Segmentation(width: 2, height: 1, softMask: [0.25, 0.75], threshold: 0.5, timings: Timings())
    }

    @Test func masksAndPictures() throws {
        #expect(try segmentation.softImage().pixels == [64, 191])
        #expect(try segmentation.maskImage().pixels == [0, 255])
        #expect(segmentation.transparentShare == 0.5)
        #expect(try segmentation.overlay(on: picture, color: (255, 1, 80)).pixels == [10, 20, 30, 147, 25, 70])
        #expect(try segmentation.cutout(of: picture).pixels == [10, 20, 30, 64, 40, 50, 60, 191])
    }

    @Test func refusesAPictureOfAnotherSize() throws {
        let other = try Image(width: 1, height: 2, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
        #expect(throws: SegmentationError.self) { try segmentation.overlay(on: other) }
        #expect(throws: SegmentationError.self) { try segmentation.cutout(of: other) }
    }

    @Test func thresholdIsExclusive() {
        let half = Segmentation(width: 1, height: 1, softMask: [0.5], threshold: 0.5, timings: Timings())
        #expect(half.transparentShare == 0)
    }
}

extension Image {
    /// The upper left square.
    fileprivate func cropped(to side: Int) throws -> Image {
        let rows = (0..<side).flatMap { y in pixels[(y * width * 3)..<((y * width + side) * 3)] }
        return try Image(width: side, height: side, channels: 3, pixels: rows)
    }
}
