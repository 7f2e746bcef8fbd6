import Images
import Testing

@testable import TransparencySegmentation

@Suite struct SmoothedPredictorTests {
    /// Gives each picture its first sample as mask everywhere.
    private struct Echo: MaskPredictor {
        let defaultSize = InputSize.square(8)
        let sizeUnit = 1
        let largestSide = 4096
        let identity = ["echo": "yes"]

        func predict(
            _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
        ) async throws -> [MaskPrediction] {
            if pictures.contains(where: { $0.pixels[0] == 255 }) { throw SegmentationError.input("no") }
            return pictures.map {
                let count = $0.width * $0.height
                let mask = SoftMask(
                    width: $0.width, height: $0.height,
                    planes: [Float](repeating: Float($0.pixels[0]) / 100, count: count))
                return MaskPrediction(
                    atInput: resolutions.contains(.input) ? mask : nil,
                    atPicture: resolutions.contains(.picture) ? mask : nil)
            }
        }
    }

    private func picture(_ value: UInt8, side: Int = 2) throws -> Image {
        try Image(width: side, height: side, channels: 3, pixels: [UInt8](repeating: value, count: 3 * side * side))
    }

    @Test(arguments: [1, 2, 5]) func theFormulaHoldsInWhateverBatches(batch: Int) async throws {
        let smoothed = SmoothedPredictor(Echo(), alpha: 0.25)
        let inputs: [UInt8] = [0, 100, 100, 0, 40]
        var given: [Float] = []
        for start in stride(from: 0, to: inputs.count, by: batch) {
            let pictures = try inputs[start..<min(start + batch, inputs.count)].map { try picture($0) }
            given += try await smoothed.predict(pictures, size: nil, at: [.input, .picture]).map { prediction in
                #expect(prediction.atInput?.planes == prediction.atPicture?.planes)
                return try #require(prediction.atPicture).planes[3]
            }
        }
        var expected: [Float] = [0]
        for value in inputs.dropFirst() {
            expected.append(0.25 * Float(value) / 100 + 0.75 * (expected.last ?? 0))
        }
        #expect(zip(given, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(given)")
        #expect(smoothed.identity == ["echo": "yes", "smoothing": "0.25"])
    }

    @Test func anotherSizeBeginsAnewAndAFailureChangesNothing() async throws {
        let smoothed = SmoothedPredictor(Echo(), alpha: 0.5)
        _ = try await smoothed.segment(picture(0))
        await #expect(throws: SegmentationError.self) { try await smoothed.segment(picture(255)) }
        #expect(try await smoothed.segment(picture(100)).softMask[0] == 0.5)
        #expect(try await smoothed.segment(picture(100, side: 3)).softMask[0] == 1)
    }
}
