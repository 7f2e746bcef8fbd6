import Foundation
import SeededRandom
import Testing

@testable import SegmentationMetrics

@Suite struct CountingTests {
    @Test func countsOfHalvesAddUp() throws {
        var generator = SplitMix64(seed: 5)
        let (width, height, half) = (10, 8, 40)
        let plane = (0..<80).map { _ in Float(generator.next(below: 256)) / 255 }
        let classes = (0..<80).map { _ in UInt8(generator.next(below: 3)) }
        let truth = (0..<80).map { _ in UInt8(generator.next(below: 3)) }
        let whole = try PixelCounts(
            prediction: plane, predictedClasses: classes, truth: truth, width: width, height: height)
        let parts = try [0..<half, half..<80].map { range in
            try PixelCounts(
                prediction: Array(plane[range]), predictedClasses: Array(classes[range]), truth: Array(truth[range]),
                width: width, height: height / 2)
        }
        func sum(_ count: (PixelCounts) -> Int) -> Int { parts.map(count).reduce(0, +) }
        #expect(whole.aboveThreshold.truePositives == sum(\.aboveThreshold.truePositives))
        #expect(whole.aboveThreshold.unionCount == sum(\.aboveThreshold.unionCount))
        #expect(whole.fromHalf.truePositives == sum(\.fromHalf.truePositives))
        #expect(whole.fromHalf.trueNegatives == sum(\.fromHalf.trueNegatives))
        for bin in 0..<256 {
            #expect(whole.glassHistogram[bin] == sum { $0.glassHistogram[bin] })
            #expect(whole.otherHistogram[bin] == sum { $0.otherHistogram[bin] })
        }
        for cell in 0..<9 { #expect(whole.classConfusion?[cell] == sum { $0.classConfusion?[cell] ?? 0 }) }
        #expect(abs(whole.squaredErrorSum - parts[0].squaredErrorSum - parts[1].squaredErrorSum) < 1e-9)
        #expect(abs(whole.absoluteErrorSum - parts[0].absoluteErrorSum - parts[1].absoluteErrorSum) < 1e-9)
    }

    @Test(arguments: [[], [0], [1, 127, 128, 16_383, 16_384, .max, 0], [-1, .min], [Int](repeating: 0, count: 256)])
    func packedCountsAreUnpacked(numbers: [Int]) throws {
        var packed = PackedCounts([5])
        packed.numbers = numbers
        #expect(packed.numbers == numbers && packed == PackedCounts(numbers))
        let json = try JSONEncoder().encode(packed)
        #expect(try JSONDecoder().decode([Int].self, from: json) == numbers)
        #expect(try JSONDecoder().decode(PackedCounts.self, from: json) == packed)
    }

    @Test func oneChannelIsThreeEqualOnes() throws {
        let plane = (0..<12).map { Float($0) / 11 }
        let truth = (0..<12).map { UInt8($0 % 3) }
        let one = try PixelCounts(prediction: plane, truth: truth, width: 4, height: 3)
        let three = try PixelCounts(prediction: plane + plane + plane, truth: truth, width: 4, height: 3)
        #expect(one.aboveThreshold == three.aboveThreshold)
        #expect(one.glassHistogram == three.glassHistogram)
        #expect(abs(one.squaredErrorSum - three.squaredErrorSum) < 1e-12)
    }

    @Test func theThresholdItselfIsNotGlass() throws {
        let counts = try PixelCounts(prediction: [0.5, 0.51, 0.25, 1], truth: [1, 1, 1, 0], width: 2, height: 2)
        #expect(counts.aboveThreshold.truePositives == 1)
        #expect(counts.fromHalf.truePositives == 2)
    }

    @Test func badInputIsNamed() {
        let truth: [UInt8] = [0, 1, 2, 0]
        func expect(_ error: MetricsError, _ body: () throws -> Void) {
            #expect(throws: error, performing: body)
        }
        expect(.invalidSize(width: 0, height: 4)) {
            _ = try PixelCounts(prediction: [], truth: [], width: 0, height: 4)
        }
        expect(.invalidSize(width: .max, height: 2)) {
            _ = try PixelCounts(prediction: [], truth: [], width: .max, height: 2)
        }
        expect(.wrongLength(what: "The prediction", found: 8, expected: "4 or 12")) {
            _ = try PixelCounts(prediction: [Float](repeating: 0, count: 8), truth: truth, width: 2, height: 2)
        }
        expect(.wrongLength(what: "The ground truth", found: 4, expected: "1")) {
            _ = try PixelCounts(prediction: [0], truth: truth, width: 1, height: 1)
        }
        expect(.unknownClass(what: "The ground truth", value: 255, index: 1)) {
            _ = try PixelCounts(prediction: [0, 0], truth: [0, 255], width: 2, height: 1)
        }
        expect(.softnessOutOfRange(value: 1.5, index: 1)) {
            _ = try PixelCounts(prediction: [0, 1.5], truth: [0, 0], width: 2, height: 1)
        }
        #expect(throws: MetricsError.self) {
            _ = try PixelCounts(prediction: [0, .nan], truth: [0, 0], width: 2, height: 1)
        }
    }

    @Test func boundariesMatchWithinTheTolerance() throws {
        // A diagonal of 500 pixels: 3.75 are tolerated, so columns 3 apart match and columns 4 apart do not.
        let (width, height) = (400, 300)
        func leftOf(_ edge: Int) -> [Bool] { (0..<width * height).map { $0 % width < edge } }
        func counts(_ shift: Int) throws -> NativeCounts {
            try NativeCounts(
                predicted: leftOf(100 + shift), truth: leftOf(100).map { $0 ? 2 : 0 }, width: width, height: height)
        }
        #expect(try counts(0).truthCount == height)
        #expect(try counts(3).fMeasure == 1)
        #expect(try counts(-3).fMeasure == 1)
        #expect(try counts(4).fMeasure == 0)
    }
}
