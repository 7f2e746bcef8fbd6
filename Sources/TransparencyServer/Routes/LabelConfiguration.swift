import Foundation

#if canImport(FoundationXML)
import FoundationXML
#endif

/// What a labeling configuration of Label Studio says about brushes: the names that predictions must have to be shown.
struct LabelConfiguration {
    /// The control's name, its picture's name, and the key of a task's data that holds the picture.
    let fromName: String
    let toName: String
    let dataKey: String
    /// The labels that the control offers, in order.
    let labels: [String]

    /// Reads the XML; external entities are not resolved.
    ///
    /// - Throws: ``Fault`` where there is no `BrushLabels` for an `Image`.
    init(xml: String) throws {
        let reader = Reader()
        let parser = XMLParser(data: Data(xml.utf8))
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse() else { throw Fault(reason: "is no XML (line \(parser.lineNumber))") }
        guard let brush = reader.brushes.first else {
            throw Fault(reason: "has no BrushLabels, which masks are shown by")
        }
        guard let key = reader.pictures[brush.toName] else {
            throw Fault(reason: "has no Image named \(brush.toName.prefix(60)) whose value is a key such as $image")
        }
        (fromName, toName, labels, dataKey) = (brush.fromName, brush.toName, brush.labels, key)
    }

    /// What is wrong with a configuration. One sentence's end: "the labeling configuration …".
    struct Fault: Error {
        let reason: String
    }

    /// The configuration's labels for a model's classes: those of the same name in any case, else the configuration's in order.
    func names(for classes: [String]) -> [String] {
        classes.enumerated().map { index, name in
            labels.first { $0.lowercased() == name.lowercased() }
                ?? (index < labels.count ? labels[index] : labels.last ?? name)
        }
    }

    private final class Reader: NSObject, XMLParserDelegate {
        private(set) var brushes: [(fromName: String, toName: String, labels: [String])] = []
        private(set) var pictures: [String: String] = [:]
        private var isInBrush = false

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            switch name {
            case "BrushLabels":
                brushes.append((attributes["name"] ?? "", attributes["toName"] ?? "", []))
                isInBrush = true
            case "Label" where isInBrush:
                if let value = attributes["value"] { brushes[brushes.count - 1].labels.append(value) }
            case "Image":
                if let name = attributes["name"], let value = attributes["value"], value.hasPrefix("$") {
                    pictures[name] = String(value.dropFirst())
                }
            default: break
            }
        }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            if name == "BrushLabels" { isInBrush = false }
        }
    }
}
