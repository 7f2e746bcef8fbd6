import Foundation

extension MetricsComparison {
    /// One element of the array.
    private struct Element: Encodable {
        let difficulty: String
        let protocolName: String
        let number: String
        let first: Double
        let second: Double
        let difference: Double
        let interval: Interval

        enum CodingKeys: String, CodingKey {
            case difficulty, number, first, second, difference, interval
            case protocolName = "protocol"
        }
    }

    /// The rows as a JSON array.
    package func json() throws -> String {
        let elements = rows.map { row in
            Element(
                difficulty: row.difficulty?.rawValue ?? "all", protocolName: row.protocolName.rawValue,
                number: row.quantity.rawValue, first: row.first, second: row.second, difference: row.difference,
                interval: row.interval)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(elements), as: UTF8.self)
    }
}
