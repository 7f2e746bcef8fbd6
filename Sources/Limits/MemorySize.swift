import Foundation

/// A number of bytes as people write it: `24GiB`, `24GB`, `24g`, `900 MiB`, `1.5T`.
///
/// A letter alone is a power of 1024, as with docker and systemd; `GB` is 10⁹, `GiB` is 2³⁰.
package struct MemorySize: Sendable, Equatable {
    package let bytes: Int

    /// What is expected, for errors.
    package static let expectation =
        "a size with its unit, such as 24GiB, 24GB or 900MiB, of at least 1 MiB and below 1 EB,"

    private static let powers: [Character: Int] = ["k": 1, "m": 2, "g": 3, "t": 4, "p": 5]

    /// nil where it is no size.
    package init?(_ text: String) {
        let text = text.lowercased()
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(number.count).drop { $0 == " " }
        guard let value = Double(number), let letter = unit.first, let power = Self.powers[letter],
            ["", "i", "ib", "b"].contains(unit.dropFirst())
        else { return nil }
        let base = unit.dropFirst() == "b" ? 1000.0 : 1024
        let bytes = value * pow(base, Double(power))
        guard bytes >= 1_048_576, bytes < 1e18 else { return nil }
        self.bytes = Int(bytes)
    }
}
