/// Comma-separated values as RFC 4180 has them, with line feeds.
///
/// Text that a spreadsheet would run, such as `=cmd`, has an apostrophe before it, which ``rows(of:)`` takes away.
package enum CSV {
    /// One line with its line feed.
    package static func line(_ fields: [String]) -> String {
        fields.map { field in quoted(isFormula(field) && Double(field) == nil ? "'" + field : field) }
            .joined(separator: ",") + "\n"
    }

    /// By unicode scalar: a comma with a combining character is one character, and still a comma to who reads the file.
    private static func quoted(_ field: String) -> String {
        guard field.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }) else {
            return field
        }
        var quoted: String.UnicodeScalarView = "\"".unicodeScalars
        for scalar in field.unicodeScalars {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }

    /// Whether it begins as a formula does, after apostrophes if there are any: those are guarded too, so that all text is read as it was.
    private static func isFormula(_ field: String) -> Bool {
        let first = field.unicodeScalars.drop { $0 == "'" }.first
        return first.map { "=+-@\t".unicodeScalars.contains($0) } ?? false
    }

    private static func unguarded(_ field: String) -> String {
        field.unicodeScalars.first == "'" && isFormula(field) ? String(field.unicodeScalars.dropFirst()) : field
    }

    /// The fields of each line; `nil` when a quoted field does not end. A last line without line feed counts.
    package static func rows(of text: String) -> [[String]]? {
        var rows: [[String]] = []
        var (row, field) = ([String](), String.UnicodeScalarView())
        var (isQuoted, afterQuote) = (false, false)
        func ended() -> [String] { row + [unguarded(String(field))] }
        for scalar in text.unicodeScalars {
            if isQuoted, scalar == "\"" {
                (isQuoted, afterQuote) = (false, true)
                continue
            }
            switch scalar {
            case "\"" where afterQuote:
                field.append(scalar)
                isQuoted = true
            case "\"" where field.isEmpty:
                isQuoted = true
            case "," where !isQuoted:
                (row, field) = (ended(), .init())
            case "\n" where !isQuoted:
                rows.append(ended())
                (row, field) = ([], .init())
            case "\r" where !isQuoted:
                break
            default:
                field.append(scalar)
            }
            afterQuote = false
        }
        if isQuoted { return nil }
        if !row.isEmpty || !field.isEmpty { rows.append(ended()) }
        return rows
    }
}
