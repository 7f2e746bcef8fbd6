import Foundation
import SegmentationMetrics
import Testing

@testable import TransparencyEvaluation
@testable import TransparencySegmentation

@Suite struct TemperatureFitTests {
    /// Pixels whose softness is σ(T · logit p), glass as often as p says: what a temperature of T sets right.
    private func record(temperature: Double) throws -> ImageRecord {
        var (softness, truth): ([Float], [UInt8]) = ([], [])
        for step in 1..<50 {
            let share = Double(step) / 50
            let odds = temperature * log(share / (1 - share))
            for pixel in 0..<100 {
                softness.append(Float(1 / (1 + exp(-odds))))
                truth.append(Double(pixel) < 100 * share ? 1 : 0)
            }
        }
        return ImageRecord(
            id: "\(temperature)",
            pixels: try PixelCounts(prediction: softness, truth: truth, width: softness.count, height: 1))
    }

    @Test(arguments: [0.6, 1, 1.5, 2])
    func theTemperatureIsFoundAgain(temperature: Double) throws {
        let fit = TemperatureFit([try record(temperature: temperature)])
        #expect(abs(fit.temperature.value / temperature - 1) < 0.05)
        #expect(fit.eceAfter < 0.01)
        #expect(temperature == 1 ? fit.eceBefore < 0.01 : fit.eceBefore > 0.03)
    }

    /// Pixels that say nothing, and such that are always right, have no least loss within reach.
    @Test func theBoundsAreKept() throws {
        let sure = ImageRecord(
            id: "sure", pixels: try PixelCounts(prediction: [0.2, 0.8], truth: [0, 1], width: 2, height: 1))
        #expect(TemperatureFit([sure]).temperature.value == Temperature.bounds.lowerBound)
        let wrong = ImageRecord(
            id: "wrong", pixels: try PixelCounts(prediction: [0.2, 0.8], truth: [1, 0], width: 2, height: 1))
        #expect(TemperatureFit([wrong]).temperature.value == Temperature.bounds.upperBound)
    }
}
