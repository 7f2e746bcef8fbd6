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
        return HTMLPage(title: title, style: PictureSheet.style(boxWidth: 760, pictures: 4), body: body).text
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
}
