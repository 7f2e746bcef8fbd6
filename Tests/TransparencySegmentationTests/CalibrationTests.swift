import Files
import Foundation
import Images
import StableDiffusion3
import TestSupport
import Testing

@testable import TransparencySegmentation

@Suite struct CalibrationTests {
    @Test(arguments: [0.05, 0.7, 1, 1.3, 20])
    func aMaskAtOneHalfDoesNotChange(value: Double) throws {
        let temperature = try #require(Temperature(value))
        var softness = (0...10_000).map { Float($0) / 10_000 }
        // The nearest neighbors of one half, which rounding could carry across.
        var (below, above) = (Float(0.5), Float(0.5))
        for _ in 0..<100 {
            (below, above) = (below.nextDown, above.nextUp)
            softness += [below, above]
        }
        let mask = SoftMask(width: softness.count, height: 1, planes: softness)
        let calibrated = temperature.calibrated(mask)
        #expect(calibrated.planes.allSatisfy { (0...1).contains($0) })
        for (own, new) in zip(softness, calibrated.planes) {
            #expect((own > 0.5) == (new > 0.5) && (own >= 0.5) == (new >= 0.5))
        }
        let sorted = softness.sorted().map { temperature.calibrated(Double($0)) }
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy(<=))
        if value == 1 {
            #expect(zip(softness, calibrated.planes).allSatisfy { abs($0 - $1) <= 1 / 510 + 1e-6 })
        } else {
            #expect(zip(softness, calibrated.planes).contains { abs($0 - $1) > 0.01 })
        }
    }

    @Test func threePlanesBecomeTheirMean() throws {
        let temperature = try #require(Temperature(1))
        let mask = temperature.calibrated(SoftMask(width: 1, height: 1, planes: [0.2, 0.4, 0.9]))
        #expect(mask.planes.count == 1 && abs(mask.planes[0] - 0.5) < 1e-6)
    }

    @Test func aTemperatureIsAppliedAndNamed() async throws {
        let picture = try Image.drawn(width: 70, height: 50) { x, y in (UInt8((x * 7 + y * 13) % 256), 0, 0) }
        let base = DrawnPredictor.red()
        let calibration = ModelCalibration(
            temperature: try #require(Temperature(2)), prediction: "one pass", decoding: "the VAE's decoder",
            data: "drawn",
            images: 3, eceBefore: 0.1, eceAfter: 0.01)
        let predictor = calibration.applied(to: base)
        #expect(predictor.identity == ["model": "drawn", "temperature": "2.0"])
        let (plain, calibrated) = (try await base.segment(picture), try await predictor.segment(picture))
        #expect(try plain.maskImage() == calibrated.maskImage())
        #expect(plain.softMask != calibrated.softMask)
        #expect(calibration.doubt(of: PredictionMethod(), decoding: "the VAE's decoder") == nil)
        let other = calibration.doubt(of: PredictionMethod(tiles: true), decoding: "the VAE's decoder")
        #expect(other?.contains("on masks by one pass, and these are by tiles;") == true)
        let small = calibration.doubt(of: PredictionMethod(), decoding: "the small decoder 0123456789ab")
        #expect(small?.contains("by the VAE's decoder, and these are by the small decoder 0123456789ab;") == true)
        let both = calibration.doubt(of: PredictionMethod(flips: true), decoding: "a readout")
        #expect(both?.contains("by one pass and the VAE's decoder, and these are by flips and a readout;") == true)
    }

    @Test func theFileIsReadBack() throws {
        try withModel { folder in
            #expect(try ModelCalibration(of: ModelFolder(folder)) == nil)
            let calibration = ModelCalibration(
                temperature: try #require(Temperature(1.2905)), prediction: "tiles", decoding: "a readout",
                data: "drawn, validation", images: 3, eceBefore: 0.1, eceAfter: 0.01)
            try calibration.write(to: folder)
            #expect(try ModelCalibration(of: ModelFolder(folder)) == calibration)
            let out = folder + "-exported"
            defer { try? FileManager.default.removeItem(atPath: out) }
            try ModelFolder(folder).exportForSegmentation(to: out, folded: false, dtype: nil)
            #expect(try ModelCalibration(of: ModelFolder(out)) == calibration)
        }
    }

    /// Files of versions that did not write what decoded raise no doubt of it.
    @Test func aFileWithoutADecoderIsRead() throws {
        try withModel { folder in
            let text =
                #"{"data":"","ece_after":0,"ece_before":0,"format_version":1,"images":1,"prediction":"one pass","temperature":2}"#
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/calibration.json"))
            let calibration = try #require(try ModelCalibration(of: ModelFolder(folder)))
            #expect(calibration.decoding == nil)
            #expect(calibration.doubt(of: PredictionMethod(), decoding: "a readout") == nil)
        }
    }

    @Test(arguments: [
        ("", "no format_version"), ("[]", "no format_version"), (#"{"temperature": 1}"#, "no format_version"),
        (#"{"format_version": 2}"#, "format_version is 2, and this program reads 1"),
        (#"{"format_version": 1e300}"#, "format_version is 1e+300"),
        (#"{"format_version": 1, "temperature": 2}"#, "not what transeg calibrate writes"),
        (#"{"format_version": 1, "format_version": 1}"#, "twice"),
        (
            #"{"data":"","ece_after":0,"ece_before":0,"format_version":1,"images":1,"prediction":"","temperature":0}"#,
            "temperature is 0.0; a number from 0.05 to 20.0"
        ),
    ])
    func damagedFilesAreRefused(text: String, reason: String) throws {
        try withModel { folder in
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/calibration.json"))
            let error = #expect(throws: SegmentationError.self) { _ = try ModelCalibration(of: ModelFolder(folder)) }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }

    /// A copy of a tiny model.
    private func withModel(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString)").path
        try FileManager.default.copyItem(atPath: "\(goldens)/tiny-0", toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func aSegmenterTakesItsModelsTemperature() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString)").path
        try FileManager.default.copyItem(atPath: "\(goldens)/tiny-0", toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let segmenter = try await Segmenter(model: folder)
        #expect(try segmenter.calibrated() is Segmenter)
        try ModelCalibration(
            temperature: try #require(Temperature(2)), prediction: "one pass", decoding: nil, data: "drawn", images: 3,
            eceBefore: 0.1, eceAfter: 0.01
        ).write(to: folder)
        let picture = try Image.drawn(width: 70, height: 50) { x, y in (UInt8((x * 7 + y * 13) % 256), 0, 0) }
        let (own, calibrated) = (
            try await segmenter.segment(picture), try await segmenter.calibrated().segment(picture)
        )
        #expect(calibrated.softMask == own.calibrated(by: try #require(Temperature(2))).softMask)
        #expect(calibrated.softMask != own.softMask)
    }

    private func segmentation(_ softness: [Float]) -> Segmentation {
        Segmentation(SoftMask(width: softness.count, height: 1, planes: softness))
    }

    @Test func confidenceIsTheExpectedIoU() {
        #expect(segmentation([1, 1, 0, 0]).confidence == 1)
        #expect(segmentation([0, 0, 0, 0]).confidence == 1)
        // Of two pixels, each glass by 0.8, and two by 0.1.
        #expect(abs(segmentation([0.8, 0.8, 0.1, 0.1]).confidence - 1.6 / 2.2) < 1e-6)
        #expect(abs(segmentation([0.4, 0.1]).confidence - 0.6) < 1e-6)
        #expect(segmentation([0.9, 0.1]).confidence > segmentation([0.6, 0.4]).confidence)
    }

    @Test func uncertaintyIsTheEntropy() throws {
        let pixels = try segmentation([0, 1, 0.5, 0.11, 0.89]).uncertaintyImage().pixels
        #expect(pixels[..<3] == [0, 0, 255])
        #expect(pixels[3] == pixels[4] && (120...135).contains(pixels[3]))
    }
}
