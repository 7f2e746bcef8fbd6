import Foundation
import TestSupport
import Testing

@testable import TransparencyTraining

@Suite struct LearningRateRangeTests {
    /// A loss that stays, falls from 1e-4 on and breaks at 1e-1.
    private func range() -> (LearningRateRange, isOver: Bool) {
        var range = LearningRateRange()
        for rate in LearningRateRange.rates(from: 1e-6, to: 1, count: 100) {
            let fall = 1 / (1 + rate / 1e-3)
            if range.add(rate: rate, loss: rate > 0.1 ? 100 : 0.2 + fall, gradNorm: 1) { return (range, true) }
        }
        return (range, false)
    }

    @Test func ratesAreEvenOnALogarithmicScale() {
        let rates = LearningRateRange.rates(from: 1e-6, to: 1, count: 7)
        for (index, rate) in rates.enumerated() { #expect(abs(log10(rate) - Double(index - 6)) < 1e-9) }
    }

    @Test func theSteepestFallIsProposed() throws {
        let (range, isOver) = range()
        #expect(isOver)
        let rate = try #require(range.suggestion)
        // The fall is steepest at 1e-3; the running mean is ten updates late, which is 10 · 6 / 99 powers of ten.
        #expect((3e-4...1e-2).contains(rate), "\(rate)")
    }

    @Test func withoutAFallNothingIsProposed() {
        var range = LearningRateRange()
        for rate in LearningRateRange.rates(from: 1e-6, to: 1, count: 50) {
            let isOver = range.add(rate: rate, loss: 1 + rate, gradNorm: 1)
            #expect(!isOver)
        }
        #expect(range.suggestion == nil)
        let isOver = range.add(rate: 1, loss: .nan, gradNorm: 1)
        #expect(isOver)
    }

    @Test func curveIsWritten() throws {
        try withTemporaryFolder { folder in
            let (range, _) = range()
            try range.write(to: "\(folder)/lr")
            let lines = try String(contentsOfFile: "\(folder)/lr.csv", encoding: .utf8).split(separator: "\n")
            #expect(lines.count == range.points.count + 1 && lines[0] == "update,lr,loss,smoothed_loss,grad_norm")
            let svg = try String(contentsOfFile: "\(folder)/lr.svg", encoding: .utf8)
            #expect(svg.contains(">1e-6<") && svg.contains(">Loss (logarithmic)<") && !svg.contains("nan"))
            #expect(svg.contains(String(format: ">proposed %.2g<", try #require(range.suggestion))))
        }
    }
}
