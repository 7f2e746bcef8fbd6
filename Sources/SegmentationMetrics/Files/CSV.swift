/// Comma-separated values as RFC 4180 has them, with line feeds.
enum CSV {
    /// One line with its line feed.
    static func line(_ fields: [String]) -> String {
        fields.map { field in
            guard field.contains(where: { ",\"\n\r\r\n".contains($0) }) else { return field }
            return "\"" + field.replacing("\"", with: "\"\"") + "\""
        }.joined(separator: ",") + "\n"
    }

    /// The fields of each line; `nil` when a quoted field does not end. A last line without line feed counts.
    static func rows(of text: String) -> [[String]]? {
        var rows: [[String]] = []
        var (row, field) = ([String](), String.UnicodeScalarView())
        var (isQuoted, afterQuote) = (false, false)
        func ended() -> [String] { row + [String(field)] }
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
