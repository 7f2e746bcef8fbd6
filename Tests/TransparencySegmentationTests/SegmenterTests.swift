import EmbeddedModel
import Foundation
import Images
import StableDiffusion3
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

    /// The pass is the same up to the mask's latent, which the small decoder decodes as it lies in the transformer's range.
    @ComputeActor @Test func aSmallDecoderTakesThePlaceOfTheVAEs() async throws {
        let (model, decoder) = ("\(goldens)/tiny-0", "\(goldens)/tiny-decoder")
        let whole = try await Segmenter(model: model, device: .cpu)
        let small = try await Segmenter(model: model, device: .cpu, decoder: decoder)
        let (one, other) = (try whole.tensors(of: picture), try small.tensors(of: picture))
        guard case .picture(let latent, _) = one.output, case .picture(let same, _) = other.output else {
            Issue.record("a latent head gives pictures")
            return
        }
        #expect(try same.array(of: Float.self) == latent.array(of: Float.self))
        let reference = try withoutGradients {
            try ModelFolder(model).loadTinyDecoder(decoder, dtype: .float32, device: .cpu).decoder.decode(latent)
        }
        try expectClose(#require(other.decoded), reference, within: Tolerance.rounding)
        // Evaluations by the two are told apart.
        #expect(whole.identity["decoder"] == nil && small.identity["decoder"]?.hasPrefix(decoder) == true)
        #expect(small.arithmetic.hasSuffix("decoded by \(decoder)"))
        #expect(whole.decoding == "the VAE's decoder")
        // By its content, wherever it lies.
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("decoder-\(UUID().uuidString)").path
        try FileManager.default.copyItem(atPath: decoder, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let again = try await Segmenter(model: model, device: .cpu, decoder: copy)
        #expect(again.decoding == small.decoding && small.decoding.hasPrefix("the small decoder "))
    }

    @ComputeActor @Test(arguments: [TransformerForm.folded, .plain])
    func aPassIsDiffusersPass(form: TransformerForm) async throws {
        // The golden picture is noise in float32, so that the whole pass is compared from its latent on by the parity
        // tests of the models; here the front door must agree with those models, put together by hand.
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu, form: form)
        #expect(segmenter.sizeUnit == 16)
        #expect(segmenter.defaultSize == .square(64))
        let prediction = try segmenter.tensors(of: picture, size: .exact(height: 32, width: 48))
        #expect(prediction.image.shape == [1, 3, 32, 48])
        #expect(prediction.imageLatent.shape == [1, 16, 4, 6])
        let folder = try ModelFolder("\(goldens)/tiny-0")
        let reference = try withoutGradients {
            let autoencoder = try folder.loadAutoencoder(dtype: .float32, device: .cpu)
            let latent = try autoencoder.scaled(autoencoder.encode(prediction.image * 2 - 1).mode())
            let output = try folder.loadTransformer(dtype: .float32, device: .cpu)(
                latent, timestep: segmentationTimestep, prompt: folder.loadEmptyPrompt().to(.float32, device: .cpu))
            return try autoencoder.decode(autoencoder.unscaled(output))
        }
        let tolerance = form == .plain ? Tolerance.rounding : Tolerance.folded
        try expectClose(#require(prediction.decoded), reference, within: tolerance, "decoded")

        let mask = try await segmenter.segment(picture, size: .exact(height: 32, width: 48))
        #expect(mask.width == 50 && mask.height == 40 && mask.softMask.count == 2000)
        #expect(mask.softMask.allSatisfy { (0...1).contains($0) })
        let resized = try prediction.softMask().upsampleBilinear(height: 40, width: 50, antialias: true)
        #expect(try resized.clamp(0...1).array(of: Float.self) == mask.softMask)
    }

    @ComputeActor @Test func picturesAreScaledToTheUnitRange() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-1", device: .cpu)
        let white = try Image(width: 16, height: 16, channels: 3, pixels: Array(repeating: 255, count: 768))
        #expect(try segmenter.tensors(of: white).image.array(of: Float.self).allSatisfy { $0 == 1 })
        // Without resizing the tensor is the pixels, red first.
        let same = try segmenter.tensors(of: picture.cropped(to: 16), size: .square(16)).image
        #expect(try same.array(of: Float.self)[1] == Float(picture.pixels[3]) / 255)
    }

    @ComputeActor @Test func threadsDoNotChangeTheResult() async throws {
        let before = TorchRuntime.threadCount
        defer { try? TorchRuntime.setThreadCount(before) }
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        try TorchRuntime.setThreadCount(1)
        let one = try #require(segmenter.tensors(of: picture).decoded)
        try TorchRuntime.setThreadCount(2)
        try expectClose(#require(segmenter.tensors(of: picture).decoded), one, within: Tolerance.rounding, "decoded")
    }

    @Test func aMemoryLimitStreamsTheModelOrRefuses() async throws {
        let free = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let expected = try await free.segment(picture)
        #expect(!free.isStreamed)
        // All that a tiny model takes is the program itself and a pass: the plan is asked for the limits.
        let plan = try SegmentationMemory(free.model, precision: .exact, decodes: true, limit: 0)
        let limit = plan.total(isStreamed: true, pixels: 64 * 64)
        #expect(limit < plan.total(isStreamed: false, pixels: 64 * 64))
        let limited = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu, memoryLimit: limit)
        #expect(limited.isStreamed)
        #expect(try await limited.segment(picture).softMask == expected.softMask)
        await #expect(throws: SegmentationError.self) { try await limited.segment(picture, size: .square(512)) }
        #expect(try await !Segmenter(model: "\(goldens)/tiny-0", device: .cpu, memoryLimit: 4 << 30).isStreamed)
    }

    @Test(arguments: [Precision.fast] + (int8SumsAreExact ? [.int8] : []))
    func fewerBitsAreForFoldedFloat32(precision: Precision) async throws {
        let model = "\(goldens)/tiny-0"
        let exact = try await Segmenter(model: model, device: .cpu).segment(picture).softMask
        let rounded = try await Segmenter(model: model, device: .cpu, precision: precision).segment(picture).softMask
        #expect(rounded != exact)
        #expect(zip(rounded, exact).allSatisfy { abs($0 - $1) < 0.1 })
        await #expect(throws: SegmentationError.self) {
            try await Segmenter(model: model, device: .cpu, dtype: .bfloat16, precision: precision)
        }
        await #expect(throws: SegmentationError.self) {
            try await Segmenter(model: model, device: .cpu, form: .plain, precision: precision)
        }
    }

    @Test func batchesOfSeveralSizesKeepTheirOrder() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let tall = try Image(width: 20, height: 60, channels: 3, pixels: Array(picture.pixels.prefix(3600)))
        let masks = try await segmenter.segment([picture, tall, picture], size: .fit(64))
        #expect(masks.map(\.width) == [50, 20, 50])
        for (mask, source) in zip(masks, [picture, tall, picture]) {
            let alone = try await segmenter.segment(source, size: .fit(64))
            #expect(zip(mask.softMask, alone.softMask).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test func theEmbeddedModelFindsTheExamplesGlass() async throws {
        let segmenter = try await Segmenter(device: .cpu)
        #expect(segmenter.defaultSize == .square(128))
        let path = try #require(EmbeddedModel.examplePicture)
        let mask = try await segmenter.segment(contentsOf: path)
        #expect((0.02...0.6).contains(mask.transparentShare))
    }

    @Test func refusesADeviceThatIsNotThere() async {
        let error = await #expect(throws: DeviceError.self) {
            try await Segmenter(model: "\(goldens)/tiny-0", device: Device(.cuda, index: 120))
        }
        #expect(error?.description.contains("cuda:120") == true)
    }

    @Test func callersOfAnyTaskGetWhatOneGets() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let expected = try await segmenter.segment(picture).softMask
        try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<8 { group.addTask { [picture] in try await segmenter.segment(picture).softMask } }
            for try await mask in group { #expect(mask == expected) }
        }
    }

    @Test func theIdentityHoldsWhatMasksDependOn() async throws {
        let model = "\(goldens)/tiny-0"
        let exact = try await Segmenter(model: model, device: .cpu).identity
        #expect(try await Segmenter(model: model, device: .cpu).identity == exact)
        let int8 = try await Segmenter(model: model, device: .cpu, precision: .int8)
        #expect(int8.identity.filter { exact[$0.key] != $0.value } == ["precision": "int8"])
        #expect(int8.arithmetic == "float32, products in int8")
        let half = try await Segmenter(model: model, device: .cpu, dtype: .bfloat16, form: .plain)
        #expect(half.identity.filter { exact[$0.key] != $0.value } == ["dtype": "bfloat16", "plain": "true"])
        #expect(try await Segmenter(model: "\(goldens)/tiny-1", device: .cpu).identity["weights"] != exact["weights"])
        // How a model is used is part of it.
        try await withTemporaryFolderOfTask { folder in
            try FileManager.default.copyItem(atPath: model, toPath: "\(folder)/model")
            let before = try await Segmenter(model: "\(folder)/model", device: .cpu).identity["weights"]
            try Data(#"{"target": "binary", "prediction_type": "negated"}"#.utf8)
                .write(to: URL(fileURLWithPath: "\(folder)/model/segmentation_config.json"))
            #expect(try await Segmenter(model: "\(folder)/model", device: .cpu).identity["weights"] != before)
        }
    }

    @Test func aDumpQuantizesAtTheThreshold() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        try await withTemporaryFolderOfTask { folder in
            let middle = try await segmenter.segment(picture).softMask.sorted()[1000]
            for threshold in [middle, 0.5] {
                let path = "\(folder)/\(threshold).safetensors"
                _ = try await segmenter.segment(picture, threshold: threshold, dumpingTo: path)
                let tensors = try readTensors(path)
                let quantized = try #require(tensors["mask_quantized"]).array(of: Float.self)
                let mask = try #require(tensors["mask"]).array(of: Float.self)
                let count = quantized.count
                let wrong = (0..<count).filter { index in
                    let mean = (mask[index] + mask[count + index] + mask[2 * count + index]) / 3
                    return abs(mean - threshold) > 1e-6 && (quantized[index] == 1) != (mean > threshold)
                }
                #expect(wrong.isEmpty)
                if threshold == middle { #expect(Set(quantized) == [0, 1]) }
            }
        }
    }
}

@Suite struct SegmentationTests {
    let picture: Image
    let segmentation: Segmentation

    init() throws {
        picture = try Image(width: 2, height: 1, channels: 3, pixels: [10, 20, 30, 40, 50, 60])
        segmentation = Segmentation(SoftMask(width: 2, height: 1, planes: [0.25, 0.75]))
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

    @Test func classesAreOfWhatIsTransparent() {
        let mask = SoftMask(width: 3, height: 1, planes: [0.2, 0.4, 0.9], kinds: [1, 2, 1])
        #expect(Segmentation(mask).classes == [0, 0, 1])
        #expect(Segmentation(mask, threshold: 0.3).classes == [0, 2, 1])
        let three = SoftMask(width: 1, height: 1, planes: [0.25, 0.5, 0.75])
        #expect(three.values == [0.5] && three.classes(above: 0.1) == nil)
    }

    @Test func thresholdIsExclusive() {
        let half = Segmentation(SoftMask(width: 1, height: 1, planes: [0.5]))
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
