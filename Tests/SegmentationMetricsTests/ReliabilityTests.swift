import SeededRandom
import Testing

@testable import SegmentationMetrics

@Suite struct ReliabilityTests {
    /// Pixels of uniform softness, glass with the probability that `chance` makes of it.
    private func record(_ chance: (Double) -> Double) throws -> ImageRecord {
        var random = SplitMix64(seed: 5)
        let side = 256
        let softness = (0..<side * side).map { _ in Float(random.next(below: 256)) / 255 }
        let truth = softness.map { UInt8(Double(random.next(below: 10_000)) < 10_000 * chance(Double($0)) ? 1 : 0) }
        return ImageRecord(
            id: "drawn", pixels: try PixelCounts(prediction: softness, truth: truth, width: side, height: side))
    }

    @Test func softnessThatIsAProbabilityHasNoError() throws {
        let reliability = Reliability([try record { $0 }])
        #expect(reliability.ece < 0.01)
        #expect(reliability.bins.count == 15)
        #expect(reliability.bins.reduce(0) { $0 + $1.pixels } == 256 * 256)
    }

    @Test func aGapIsTheError() throws {
        #expect(abs(Reliability([try record { $0 * 0.8 }]).ece - 0.1) < 0.01)
        // Too much in the dark is not made up for by too little in the light.
        #expect(Reliability([try record { $0 < 0.5 ? 0 : 1 }]).ece > 0.2)
    }

    @Test func binsAreOfSeventeenSteps() {
        let counts = Dictionary(grouping: 0..<256, by: Reliability.bin).mapValues(\.count)
        #expect(counts[0] == 17 && counts[14] == 18 && counts.count == 15)
    }

    @Test func emptyBinsHaveNoNumbers() throws {
        let record = ImageRecord(
            id: "sure", pixels: try PixelCounts(prediction: [0, 1], truth: [0, 1], width: 2, height: 1))
        let reliability = Reliability([record])
        #expect(reliability.ece == 0)
        #expect(reliability.bins[7] == Reliability.Bin(pixels: 0, softness: nil, glass: nil))
        #expect(reliability.bins[14] == Reliability.Bin(pixels: 1, softness: 1, glass: 1))
    }
}
