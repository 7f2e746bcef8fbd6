import Files
import Foundation
import Reports
import TransparencyData

/// A page with the pairs of a review that have pictures, for a person to look at beside the plan: one HTML file that needs no other.
package struct ReviewSheet {
    private let review: LabelReview
    private let root: String
    /// From which suspicion on the plan leaves pairs out.
    private let excludedFrom: Double

    package init(of review: LabelReview, root: String, excludedFrom: Double) {
        (self.review, self.root, self.excludedFrom) = (review, root, excludedFrom)
    }

    /// Writes the page in one step. Throws `FileError`.
    package func write(to path: String) throws {
        try AtomicFile.write(Array(html().utf8), to: path)
    }

    func html() -> String {
        let title = "Masks of \(root) that a model doubts"
        let shown = review.entries.filter { !$0.pictures.isEmpty }
        let excluded = review.entries.count { $0.suspicion >= excludedFrom }
        let body: HTML = """
            <h1>\(title)</h1>
            <p>\(review.entries.count) pairs, the \(shown.count) most suspicious are shown; \(excluded) have a suspicion of \
            \(Self.fixed(excludedFrom)) or more, which a plan leaves out. In the last picture red is glass that the model is sure of and the mask \
            has not, blue glass of the mask that the model is sure is none, gray what both have. A model that is wrong looks like a \
            mask that is wrong: look before you exclude.</p>
            <main>
            \(shown.map(card).joined())</main>

            """
        return HTMLPage(title: title, style: Self.style, body: body).text
    }

    private func card(_ entry: LabelReview.Entry) -> HTML {
        let style: HTML = entry.suspicion >= excludedFrom ? "" : " class=\"note\""
        let pictures = entry.pictures.map { name, bytes -> HTML in
            "<img alt=\"\(name)\" title=\"\(name)\" src=\"data:image/jpeg;base64,\(Data(bytes).base64EncodedString())\"/>"
        }
        return """
            <section\(style)>
            <h2>suspicion \(Self.fixed(entry.suspicion)), IoU \(Self.fixed(entry.iou))</h2>
            <p><code>\(entry.pair.picture)</code><br/><code>\(entry.pair.mask)</code></p>
            <div>\(pictures.joined())</div>
            </section>

            """
    }

    private static func fixed(_ value: Double) -> String { String(format: "%.3f", value) }

    private static let style = """
        :root{color-scheme:light dark}
        body{font:15px/1.5 system-ui,sans-serif;margin:24px auto;max-width:1720px;padding:0 16px}
        main{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,760px),1fr));gap:16px}
        section{border:1px solid #8886;border-left:5px solid #d55e00;border-radius:6px;padding:8px 12px;overflow-wrap:anywhere}
        section.note{border-left-color:#0072b2}
        h2{font-size:1em;margin:4px 0}p{margin:4px 0}
        img{width:calc(25% - 6px);height:auto;margin:2px;vertical-align:top}

        """
}
