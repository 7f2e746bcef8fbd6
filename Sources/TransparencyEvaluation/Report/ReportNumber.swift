import Foundation

/// Numbers as the report prints them, whatever the locale.
enum ReportNumber {
    /// Stands for a number that is not defined.
    static let absent = "–"

    /// A share of 0 to 1 with four decimals, as papers print IoU.
    static func share(_ value: Double?) -> String { fixed(value, decimals: 4) }

    /// A number of percent with two decimals, as papers print BER.
    static func percent(_ value: Double?) -> String { fixed(value, decimals: 2) }

    static func fixed(_ value: Double?, decimals: Int) -> String {
        guard let value, value.isFinite else { return absent }
        return String(format: "%.\(decimals)f", value)
    }

    /// A count with its thousands apart: 4,428.
    static func count(_ value: Int) -> String {
        var digits = Array(String(value))
        for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
        return String(digits)
    }

    /// A count with what was counted: 1 picture, 4,428 pictures.
    static func pictures(_ value: Int) -> String { count(value) + (value == 1 ? " picture" : " pictures") }
}
