import Testing

@testable import Reports

@Suite struct TickTests {
    private func texts(_ ticks: [ChartFrame.Tick]) -> String { ticks.map(\.text).joined(separator: " ") }

    @Test func ticksAreRound() {
        #expect(texts(ChartFrame.Tick.round(in: 0...1)) == "0.0 0.2 0.4 0.6 0.8 1.0")
        #expect(texts(ChartFrame.Tick.round(in: 0...0.037)) == "0.00 0.01 0.02 0.03")
        #expect(texts(ChartFrame.Tick.round(in: -0.1...0.9)) == "0.0 0.2 0.4 0.6 0.8")
        #expect(texts(ChartFrame.Tick.round(in: 1...3, whole: true)) == "1 2 3")
        #expect(texts(ChartFrame.Tick.round(in: 1...1234, whole: true)) == "500 1000")
        #expect(ChartFrame.Tick.round(in: 0...1e-300).count <= 12)
        #expect(texts(ChartFrame.Tick.logarithmic(in: -6 ... -3)) == "1e-6 1e-5 1e-4 0.001")
        #expect(texts(ChartFrame.Tick.logarithmic(in: -1...0.5)) == "0.1 0.2 0.5 1 2")
        // Less than a power of ten.
        #expect(texts(ChartFrame.Tick.logarithmic(in: -0.52 ... -0.4)) == "0.32 0.34 0.36 0.38")
    }

    @Test(arguments: [0, 0.001, 0.01, 0.05, 0.051, 0.33, 0.5, 0.77, 1])
    func ticksReachTheLargestBar(maximum: Double) throws {
        let ticks = ChartFrame.Tick.percents(to: maximum)
        let last = try #require(ticks.last?.value)
        #expect((2...6).contains(ticks.count) && last >= maximum - 1e-9 && last <= 1)
        #expect(ticks[0].value == 0)
    }
}
