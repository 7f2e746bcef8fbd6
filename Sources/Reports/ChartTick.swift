import Foundation

extension ChartFrame {
    /// A mark of an axis.
    package struct Tick: Sendable {
        package let value: Double
        let text: String

        /// 0 to 1 by fifths.
        package static let shares = (0...5).map {
            Tick(value: Double($0) / 5, text: $0 == 0 ? "0" : $0 == 5 ? "1" : "0.\(2 * $0)")
        }

        /// 0 to 1 by fifths, as percent.
        package static let percents = (0...5).map { Tick(value: Double($0) / 5, text: "\(20 * $0) %") }

        /// Percent from 0 to the first round number that is not below `maximum`, at most five steps.
        package static func percents(to maximum: Double) -> [Tick] {
            let step = [1, 2, 5, 10, 20].first { Double($0) >= maximum * 100 / 5 } ?? 20
            let count = max(1, Int((maximum * 100 / Double(step)).rounded(.up)))
            return (0...min(count, 5)).map { Tick(value: Double($0 * step) / 100, text: "\($0 * step) %") }
        }

        /// The multiples of 1, 2 or 5 times a power of ten in a range, about five.
        ///
        /// - Parameter whole: Whether only whole numbers mean something, such as those of updates.
        static func round(in range: ClosedRange<Double>, whole: Bool = false) -> [Tick] {
            let rough = (range.upperBound - range.lowerBound) / 5
            guard rough > 0, rough.isFinite else { return [] }
            let power = pow(10, floor(log10(rough)))
            let step = max([1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough, whole ? 1 : 0)
            let (first, last) = ((range.lowerBound / step).rounded(.up), (range.upperBound / step).rounded(.down))
            guard first <= last else { return [] }
            let decimals = max(0, Int(-floor(log10(step) + 1e-9)))
            return stride(from: first, through: last, by: 1).map { count in
                // Never −0.
                let value = count * step + 0
                let text = decimals > 4 ? String(format: "%.3g", value) : String(format: "%.\(decimals)f", value)
                return Tick(value: value, text: text)
            }
        }

        /// The powers of ten in a range of decimal logarithms; where there are few, twice and five times them too, or round numbers of
        /// another kind.
        static func logarithmic(in range: ClosedRange<Double>) -> [Tick] {
            let powers = Int(floor(range.lowerBound))...Int(ceil(range.upperBound))
            let factors: [Double] = range.upperBound - range.lowerBound < 2.5 ? [1, 2, 5] : [1]
            let values = powers.flatMap { power in factors.map { $0 * pow(10, Double(power)) } }
                .filter { range.contains(log10($0)) }
            if values.count < 3 {
                let ticks = round(in: pow(10, range.lowerBound)...pow(10, range.upperBound)).filter { $0.value > 0 }
                return ticks.map { Tick(value: log10($0.value), text: $0.text) }
            }
            return values.map { value in
                let text = (1e-3...9999).contains(value) ? String(format: "%.3g", value) : String(format: "%.0e", value)
                return Tick(value: log10(value), text: text.replacing("e-0", with: "e-").replacing("e+0", with: "e"))
            }
        }
    }
}
