import Files
import Foundation
import Images
import Reports

/// A page with the pictures that an audit found fault with, for a person to look at beside the plan: one HTML file that needs no
/// other.
public struct AuditSheet {
    private let audit: DatasetAudit
    private let root: String
    /// More than these many would be no page to look at.
    private static let limit = 300
    private static let side = 400

    public init(of audit: DatasetAudit, root: String) {
        (self.audit, self.root) = (audit, root)
    }

    /// Writes the page in one step. Throws `FileError`.
    public func write(to path: String) throws {
        try AtomicFile.write(Array(html().utf8), to: path)
    }

    func html() -> String {
        let suspects = audit.faults.filter { !$0.isNote } + audit.faults.filter(\.isNote)
        let left = suspects.count - Self.limit
        let rest: HTML = left > 0 ? "<p>\(left) more are in the JSON file.</p>\n" : ""
        let title = "Audit of \(root)"
        let body: HTML = """
            <h1>\(title)</h1>
            <p>\(suspects.count { !$0.isNote }) faults, \(suspects.count(where: \.isNote)) notes. Pictures and masks as they are stored.</p>
            <main>
            \(suspects.prefix(Self.limit).map(card).joined())</main>
            \(rest)
            """
        return HTMLPage(title: title, style: PictureSheet.style(boxWidth: 540, pictures: 2), body: body).text
    }

    private func card(_ fault: AuditFault) -> HTML {
        let names = [fault.picture, fault.mask, fault.other].compactMap(\.self).map {
            "<code>\($0)</code><br/>" as HTML
        }
        let action = fault.action.map { "<p>plan: <b>\($0.rawValue)</b></p>" as HTML } ?? ""
        let style: HTML = fault.isNote ? " class=\"note\"" : ""
        return """
            <section\(style)>
            <h2>\(fault.kind.rawValue.replacing("_", with: " "))</h2>
            <p>\(names.joined())</p>
            <p>\(fault.detail)</p>\(action)
            <div>\(pictures(of: fault).joined())</div>
            </section>

            """
    }

    /// What can be shown of a fault: files that cannot be decoded are left out.
    private func pictures(of fault: AuditFault) -> [HTML] {
        let picture = fault.picture.flatMap { try? ImageReader().readAsStored(contentsOf: "\(root)/\($0)").image }
        let mask = fault.mask.flatMap { path -> Image? in
            // Labels of 1 and 2 would be black to the eye.
            let classes = try? MaskReader().read("\(root)/\(path)")
            return (try? classes.map(Image.init(classes:)))
                ?? (try? ImageReader().readValues(contentsOf: "\(root)/\(path)"))
        }
        let other = fault.other.flatMap { try? ImageReader().readAsStored(contentsOf: "\(root)/\($0)").image }
        return [("picture", picture), ("mask", mask), ("the other picture", other)].compactMap { name, image in
            guard let image, let bytes = try? image.thumbnail(side: Self.side).jpegData(quality: 80) else { return nil }
            return "<img alt=\"\(name)\" src=\"data:image/jpeg;base64,\(Data(bytes).base64EncodedString())\"/>"
        }
    }
}
