/// Text for terminals. File names and files' contents may hold anything, also what moves a cursor, hides a line or turns its direction.
package enum TerminalText {
    /// The text with each such character as `\u001b`, which JSON writes it as too, so that a line of JSON stays the same JSON.
    ///
    /// - Parameter keepsLines: Whether line feeds are the caller's, who wrote several lines; else they are escaped as well.
    package static func escaped(_ text: String, keepsLines: Bool = false) -> String {
        guard text.unicodeScalars.contains(where: moves) else { return text }
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where keepsLines: escaped.append(scalar)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            case "\t": escaped.append(contentsOf: "\\t".unicodeScalars)
            case _ where moves(scalar):
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    escaped.append(
                        contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars)
                }
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    private static func moves(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        // Joiners are part of words and emoji; the others are invisible or turn the text's direction.
        case .format: scalar != "\u{200C}" && scalar != "\u{200D}"
        default: false
        }
    }
}
