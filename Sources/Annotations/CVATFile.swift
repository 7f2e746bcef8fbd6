import Files
import Foundation
import Images
import Reports

#if canImport(FoundationXML)
import FoundationXML
#endif

/// "CVAT for images 1.1": an XML file with a mask a connected region, whose run lengths go along the rows of its box.
public struct CVATFile: Codable, Sendable {
    private let classes: [String]
    /// Each picture's element but for its beginning, which has its number.
    private var images: [String] = []

    /// - Parameter classes: The labels of the classes.
    public init(classes: [String]) { self.classes = classes }

    /// Adds the regions of a picture.
    ///
    /// - Parameter minimumArea: Regions of fewer pixels are left out.
    public mutating func add(_ picture: AnnotatedPicture, minimumArea: Int = 1) {
        let masks = Region.all(of: picture.mask, minimumArea: minimumArea).map { region in
            let counts = Self.counts(of: region).map(String.init).joined(separator: ", ")
            return
                "    <mask label=\"\(Self.escaped(classes[Int(region.label) - 1]))\" source=\"auto\" occluded=\"0\" rle=\"\(counts)\" left=\"\(region.x)\" top=\"\(region.y)\" width=\"\(region.width)\" height=\"\(region.height)\" z_order=\"0\">\n    </mask>\n"
        }
        images.append(
            "name=\"\(Self.escaped(picture.name))\" width=\"\(picture.mask.width)\" height=\"\(picture.mask.height)\">\n\(masks.joined())  </image>\n"
        )
    }

    /// Adds the pictures of a file of the same classes.
    mutating func append(_ other: CVATFile) { images += other.images }

    /// Throws `FileError`.
    public func write(to path: String) throws {
        let labels = classes.map { "<label><name>\(Self.escaped($0))</name><type>mask</type></label>" }.joined()
        let text =
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n  <version>1.1</version>\n  <meta><task><labels>\(labels)</labels></task></meta>\n"
            + images.enumerated().map { "  <image id=\"\($0.offset)\" \($0.element)" }.joined() + "</annotations>\n"
        try AtomicFile.write(Array(text.utf8), to: path)
    }

    /// Lengths of runs of pixels outside and inside, in turn; the first may be 0.
    static func counts(of region: Region) -> [Int] {
        var (counts, last) = ([0], false)
        for pixel in region.pixels {
            if pixel == last { counts[counts.count - 1] += 1 } else { counts.append(1) }
            last = pixel
        }
        return counts
    }

    private static func escaped(_ text: String) -> String { HTML.escaped(text) }

    /// Reads a file: masks and polygons. Throws ``AnnotationError``, `FileReadError` and what `body` throws.
    ///
    /// - Parameter body: Is given each picture's mask.
    /// - Returns: The labels, in the order of the classes.
    @discardableResult
    public static func forEachPicture(of path: String, _ body: (AnnotatedPicture) throws -> Void) throws -> [String] {
        let reader = CVATReader()
        let parser = XMLParser(data: try PlainFile.contents(of: path))
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse(), reader.isAnnotations else {
            throw AnnotationError("\(path) is no XML file of CVAT's annotations\(reader.place(parser))")
        }
        let labels = Set(reader.pictures.flatMap { $0.shapes.map(\.label) }).sorted()
        guard labels.count < 256 else {
            throw AnnotationError("\(path) has \(labels.count) labels; up to 255 were expected")
        }
        for picture in reader.pictures {
            var canvas = try MaskCanvas(width: picture.width, height: picture.height, of: picture.name)
            for shape in picture.shapes {
                guard let place = labels.firstIndex(of: shape.label) else { continue }
                try shape.paint(UInt8(place + 1), on: &canvas, of: picture.name)
            }
            try body(canvas.picture(named: picture.name))
        }
        return labels
    }
}

/// Takes pictures with their shapes from the XML.
private final class CVATReader: NSObject, XMLParserDelegate {
    struct Picture {
        let name: String
        let width: Int, height: Int
        var shapes: [CVATShape] = []
    }

    private(set) var pictures: [Picture] = []
    private(set) var isAnnotations = false

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        func number(_ key: String) -> Int {
            attributes[key].flatMap { Double($0) }.flatMap { Int(exactly: $0.rounded()) } ?? 0
        }
        switch name {
        case "annotations": isAnnotations = true
        case "image":
            pictures.append(
                Picture(name: attributes["name"] ?? "", width: number("width"), height: number("height")))
        case "mask", "polygon":
            guard !pictures.isEmpty else { return }
            pictures[pictures.count - 1].shapes.append(
                CVATShape(
                    label: attributes["label"] ?? "", counts: attributes["rle"], points: attributes["points"],
                    x: number("left"), y: number("top"), width: number("width"), height: number("height")))
        default: break
        }
    }

    func place(_ parser: XMLParser) -> String {
        parser.parserError == nil ? "" : ": line \(parser.lineNumber) cannot be read"
    }
}

/// A mask, or a polygon, of a label.
private struct CVATShape {
    let label: String
    let counts: String?
    let points: String?
    let x: Int, y: Int, width: Int, height: Int

    /// Throws ``AnnotationError``.
    func paint(_ label: UInt8, on canvas: inout MaskCanvas, of name: String) throws {
        if let points {
            let corners = points.split(separator: ";").map { $0.split(separator: ",").compactMap { Double($0) } }
            guard corners.allSatisfy({ $0.count == 2 }) else {
                throw AnnotationError("a polygon of \(name) has points that are not two numbers")
            }
            PolygonFill.coco(corners.map { (x: $0[0], y: $0[1]) }, width: canvas.width, height: canvas.height) {
                canvas.paint($0, label)
            }
            return
        }
        let counts = (counts ?? "").split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) ?? -1 }
        let total = counts.reduce(0) { $0 < 0 || $1 < 0 || $1 > 1 << 32 ? -1 : $0 + $1 }
        guard x >= 0, y >= 0, width > 0, height > 0, width <= canvas.width - x, height <= canvas.height - y,
            total == width * height
        else {
            throw AnnotationError(
                "a mask of \(name) has \(max(0, total)) pixels for a box of \(width) × \(height) at (\(x), \(y))")
        }
        var place = 0
        for (index, count) in counts.enumerated() {
            if index % 2 == 1 {
                for pixel in place..<place + count {
                    canvas.paint((y + pixel / width) * canvas.width + x + pixel % width, label)
                }
            }
            place += count
        }
    }
}
