import Files
import Foundation
import Images

/// COCO's `instances.json` (cocodataset.org, "Data format"): an annotation a connected region, as one polygon whose holes are joined to its border by
/// seams, so that every reader of polygons keeps them.
public struct COCOFile: Codable, Sendable {
    private var document: Document

    /// - Parameter classes: The names of the classes; the first is category 1.
    public init(classes: [String]) {
        document = Document(
            images: [], annotations: [],
            categories: classes.enumerated().map { .init(id: $0.offset + 1, name: $0.element) })
    }

    /// Reads a file. Throws ``AnnotationError`` and `FileReadError`.
    public init(contentsOf path: String) throws {
        do {
            document = try JSONDecoder().decode(Document.self, from: PlainFile.contents(of: path))
        } catch let error as DecodingError {
            throw AnnotationError("\(path) is no COCO file of instances: \(error.sentence)")
        }
    }

    /// The names of the classes, in the order of their numbers.
    public var classes: [String] { document.categories.sorted { $0.id < $1.id }.map(\.name) }

    /// Adds the regions of a picture.
    ///
    /// - Parameter minimumArea: Regions of fewer pixels are left out.
    public mutating func add(_ picture: AnnotatedPicture, minimumArea: Int = 1) {
        let image = document.images.count + 1
        document.images.append(
            .init(id: image, fileName: picture.name, width: picture.mask.width, height: picture.mask.height))
        for region in Region.all(of: picture.mask, minimumArea: minimumArea) {
            let points = Outline(of: region).points(.ofPixels)
            document.annotations.append(
                .init(
                    id: document.annotations.count + 1, imageID: image, categoryID: Int(region.label),
                    segmentation: .polygons([points.flatMap { [Double($0.x), Double($0.y)] }]),
                    area: Double(region.area),
                    bbox: [region.x, region.y, region.width, region.height].map(Double.init), iscrowd: 0))
        }
    }

    /// Adds the pictures of a file of the same classes.
    mutating func append(_ other: COCOFile) {
        let (images, annotations) = (document.images.count, document.annotations.count)
        document.images += other.document.images.map {
            .init(id: images + $0.id, fileName: $0.fileName, width: $0.width, height: $0.height)
        }
        document.annotations += other.document.annotations.map {
            .init(
                id: annotations + $0.id, imageID: images + $0.imageID, categoryID: $0.categoryID,
                segmentation: $0.segmentation, area: $0.area, bbox: $0.bbox, iscrowd: $0.iscrowd)
        }
    }

    /// Throws `FileError`.
    public func write(to path: String) throws {
        try JSONLists.write(to: path) { file in
            file.append("{\"annotations\":")
            try file.append(document.annotations)
            file.append(",\"categories\":")
            try file.append(document.categories)
            file.append(",\"images\":")
            try file.append(document.images)
            file.append("}")
        }
    }

    /// Calls `body` with each picture's mask. Throws ``AnnotationError`` and what `body` throws.
    public func forEachPicture(_ body: (AnnotatedPicture) throws -> Void) throws {
        let order = document.categories.map(\.id).sorted()
        let labels = Dictionary(order.enumerated().map { ($0.element, $0.offset + 1) }) { first, _ in first }
        guard order.count < 256 else {
            throw AnnotationError("the file has \(order.count) categories; up to 255 were expected")
        }
        let annotations = Dictionary(grouping: document.annotations, by: \.imageID)
        for image in document.images {
            var canvas = try MaskCanvas(width: image.width, height: image.height, of: image.fileName)
            // The largest first, so that what lies upon others is seen.
            for annotation in (annotations[image.id] ?? []).sorted(by: { ($0.area ?? 0, $1.id) > ($1.area ?? 0, $0.id) }
            ) {
                guard let label = labels[annotation.categoryID] else {
                    throw AnnotationError(
                        "annotation \(annotation.id) is of the category \(annotation.categoryID), which the file does not list"
                    )
                }
                try annotation.segmentation.paint(UInt8(label), on: &canvas)
            }
            try body(canvas.picture(named: image.fileName))
        }
    }

    /// The file, with COCO's own names.
    private struct Document: Codable {
        var images: [Picture]
        var annotations: [Annotation]
        var categories: [Category]

        struct Picture: Codable {
            let id: Int
            let fileName: String
            let width: Int, height: Int

            enum CodingKeys: String, CodingKey {
                case id, width, height
                case fileName = "file_name"
            }
        }

        struct Annotation: Codable {
            let id: Int
            let imageID: Int
            let categoryID: Int
            let segmentation: COCOSegmentation
            let area: Double?
            let bbox: [Double]?
            let iscrowd: Int?

            enum CodingKeys: String, CodingKey {
                case id, segmentation, area, bbox, iscrowd
                case imageID = "image_id"
                case categoryID = "category_id"
            }
        }

        struct Category: Codable {
            let id: Int
            let name: String
        }
    }
}

/// `segmentation` of a COCO annotation: polygons, or a run-length code.
enum COCOSegmentation: Codable, Sendable {
    case polygons([[Double]])
    case counts([Int], height: Int, width: Int)
    case text(String, height: Int, width: Int)

    private enum CodingKeys: String, CodingKey { case counts, size }

    init(from decoder: any Decoder) throws {
        if let polygons = try? [[Double]](from: decoder) {
            self = .polygons(polygons)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let size = try container.decode([Int].self, forKey: .size)
        guard size.count == 2 else {
            throw DecodingError.dataCorruptedError(
                forKey: .size, in: container, debugDescription: "height and width were expected")
        }
        if let counts = try? container.decode([Int].self, forKey: .counts) {
            self = .counts(counts, height: size[0], width: size[1])
        } else {
            self = .text(try container.decode(String.self, forKey: .counts), height: size[0], width: size[1])
        }
    }

    func encode(to encoder: any Encoder) throws {
        if case .polygons(let polygons) = self { return try polygons.encode(to: encoder) }
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .polygons: break
        case .counts(let counts, let height, let width):
            try container.encode(counts, forKey: .counts)
            try container.encode([height, width], forKey: .size)
        case .text(let text, let height, let width):
            try container.encode(text, forKey: .counts)
            try container.encode([height, width], forKey: .size)
        }
    }

    /// Throws ``AnnotationError``.
    func paint(_ label: UInt8, on canvas: inout MaskCanvas) throws {
        let (width, height) = (canvas.width, canvas.height)
        func paint(_ code: RunLength) throws {
            guard code.width == width, code.height == height else {
                throw AnnotationError(
                    "a run-length code is \(code.width) × \(code.height), its picture \(width) × \(height)")
            }
            code.forEachPixel { canvas.paint($0, label) }
        }
        switch self {
        case .polygons(let polygons):
            for polygon in polygons {
                let points = stride(from: 0, to: polygon.count - 1, by: 2).map { (x: polygon[$0], y: polygon[$0 + 1]) }
                PolygonFill.coco(points, width: width, height: height) { canvas.paint($0, label) }
            }
        case .counts(let counts, let codeHeight, let codeWidth):
            try paint(RunLength(width: codeWidth, height: codeHeight, counts: counts))
        case .text(let text, let codeHeight, let codeWidth):
            try paint(RunLength(width: codeWidth, height: codeHeight, text: text))
        }
    }
}

extension DecodingError {
    /// What is wrong, for a sentence of its own.
    var sentence: String {
        switch self {
        case .keyNotFound(let key, let context): "\(Self.place(context))the key \(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(Self.place(context))\(context.debugDescription)"
        case .dataCorrupted(let context): "\(Self.place(context))\(context.debugDescription)"
        @unknown default: "\(self)"
        }
    }

    private static func place(_ context: Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: ".")
        return path.isEmpty ? "" : "at \(path), "
    }
}
