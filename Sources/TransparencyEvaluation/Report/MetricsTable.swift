import Foundation
package import SegmentationMetrics

/// Numbers of an evaluation for a terminal.
package enum MetricsTable {
    /// A line for each protocol, of all pictures and then of each difficulty.
    package static func text(_ metrics: Metrics) -> String {
        let groups: [(String, [ProtocolName: ProtocolScores])] =
            [("all", metrics.protocols)]
            + Difficulty.allCases.compactMap { difficulty in
                metrics.difficulty[difficulty].map { (difficulty.rawValue, $0) }
            }
        return groups.flatMap { name, protocols in
            ProtocolName.allCases.compactMap { protocolName -> String? in
                guard let scores = protocols[protocolName] else { return nil }
                let values = Quantity.allCases.compactMap { quantity in
                    scores[quantity].map { "\(quantity.rawValue) \(fixed($0))" }
                }
                return padded(name, 6) + padded(protocolName.rawValue, 16) + values.joined(separator: "  ")
            }
        }.joined(separator: "\n")
    }

    /// A line for each number that two evaluations have, with their difference and its interval.
    package static func text(_ comparison: MetricsComparison) -> String {
        let head = [
            padded("", 6), padded("protocol", 16), padded("number", 20), padded("A", 10), padded("B", 10),
            padded("B - A", 11), "95 % interval",
        ].joined()
        return
            ([head]
            + comparison.rows.map { row in
                [
                    padded(row.difficulty?.rawValue ?? "all", 6), padded(row.protocolName.rawValue, 16),
                    padded(row.quantity.rawValue, 20), padded(fixed(row.first), 10), padded(fixed(row.second), 10),
                    padded(signed(row.difference), 11),
                    "\(signed(row.interval.low)) … \(signed(row.interval.high))\(row.isSignificant ? " *" : "")",
                ].joined()
            }).joined(separator: "\n")
    }

    private static func signed(_ value: Double) -> String { String(format: "%+.4f", value) }
}

/// Four decimals, as papers have them.
private func fixed(_ value: Double) -> String { String(format: "%.4f", value) }

/// The text with spaces after it, at least one.
private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
}
