import Testing

@testable import Reports

/// Names of files are data, whatever is in them. A combining character makes one character of itself and what it follows.
@Suite struct EscapingTests {
    @Test(arguments: [
        ("a<\u{0301}script>", "a&lt;\u{0301}script&gt;"), ("&\u{0301}", "&amp;\u{0301}"),
        ("\"\u{0301}'", "&quot;\u{0301}&#39;"), ("a\u{1B}[31m", "a\u{FFFD}[31m"),
    ])
    func dataIsNoMarkup(data: String, escaped: String) {
        #expect(Array(HTML.escaped(data).unicodeScalars) == Array(escaped.unicodeScalars))
        let page = HTMLPage(title: data, style: "", body: "<p>\(data)</p>").text
        #expect(page.unicodeScalars.split(separator: "<").allSatisfy { !$0.starts(with: "script".unicodeScalars) })
        let plot = LinePlot(xLabel: data, [.init(data, [.init(data, [(0, 0), (1, 1)]), .init(data, [(0, 1)])])]).svg()
            .text
        #expect(plot.unicodeScalars.filter { $0 == "&" }.count >= 1 || data.contains("\u{1B}"))
        #expect(!plot.unicodeScalars.contains("\u{1B}"))
    }

    @Test func pagesFetchNothing() {
        let still = HTMLPage(title: "", style: "", body: "").text
        #expect(still.contains("default-src 'none'") && !still.contains("script-src"))
        #expect(HTMLPage(title: "", style: "", body: "", script: "1").text.contains("script-src 'unsafe-inline'"))
    }

    @Test(arguments: [
        "a,\u{0301}b.jpg", "a\"\u{0301}", "\"", "a\r\nb", "\n", "=cmd|' /C calc'!A0", "+1+1", "-x", "@SUM(1)", "\t=1",
        "'=1", "''-a", "'a", "",
    ])
    func fieldsAreReadAsTheyWere(field: String) throws {
        let line = CSV.line([field, "1"])
        let rows = try #require(CSV.rows(of: line))
        #expect(rows.count == 1 && rows[0].count == 2, "\(line)")
        #expect(Array(rows[0][0].unicodeScalars) == Array(field.unicodeScalars))
    }

    @Test func formulasAreGuarded() {
        #expect(CSV.line(["=1", "-0.5", "-x", "a"]) == "'=1,-0.5,'-x,a\n")
    }
}
