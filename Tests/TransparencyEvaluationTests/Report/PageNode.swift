import Foundation

#if canImport(FoundationXML)
import FoundationXML
#endif

/// An element of a page that is well-formed as XML, or a piece of its text.
final class PageNode {
    let name: String
    let attributes: [String: String]
    fileprivate(set) var children: [PageNode] = []
    fileprivate(set) var ownText = ""

    fileprivate init(name: String, attributes: [String: String] = [:]) {
        (self.name, self.attributes) = (name, attributes)
    }

    /// Reads a page; throws the parser's error where it is not well-formed.
    static func parse(_ page: String) throws -> PageNode {
        let parser = XMLParser(data: Data(page.utf8))
        let builder = Builder()
        parser.delegate = builder
        guard parser.parse(), let root = builder.open[0].children.first else {
            throw parser.parserError ?? CocoaError(.fileReadCorruptFile)
        }
        return root
    }

    /// All text within, in order.
    var text: String { ownText + children.map(\.text).joined() }

    /// This and all elements within, in order.
    var all: [PageNode] { [self] + children.flatMap(\.all) }

    func all(_ name: String) -> [PageNode] { all.filter { $0.name == name } }

    func element(id: String) -> PageNode? { all.first { $0.attributes["id"] == id } }

    /// The rows of the first table within, each with the texts of its cells.
    var tableRows: [[String]] {
        all("table").first?.all("tr").map { row in row.children.filter { ["th", "td"].contains($0.name) }.map(\.text) }
            ?? []
    }

    private final class Builder: NSObject, XMLParserDelegate {
        var open = [PageNode(name: "")]

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            let node = PageNode(name: name, attributes: attributes)
            open[open.count - 1].children.append(node)
            open.append(node)
        }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            open.removeLast()
        }

        func parser(_ parser: XMLParser, foundCharacters text: String) {
            let piece = PageNode(name: "#text")
            piece.ownText = text
            open[open.count - 1].children.append(piece)
        }
    }
}
