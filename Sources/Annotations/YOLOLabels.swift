import Files
import Foundation
import Images
import Yams

/// YOLO's segmentation labels (ultralytics): a text file a picture, a line a connected region: the class from 0 on, then x and y of each corner
/// as shares of the picture's sides.
///
/// Corners are border pixels, for loaders paint the border too; holes are joined to it by seams.
public enum YOLOLabels {
    /// Where in a pixel a corner is: loaders that cut fractions off (ultralytics) and loaders that round (supervision) find the same pixel.
    private static let inset = 0.25

    /// The lines of a picture.
    ///
    /// - Parameter minimumArea: Regions of fewer pixels are left out.
    public static func text(of picture: AnnotatedPicture, minimumArea: Int = 1) -> String {
        let (width, height) = (Double(picture.mask.width), Double(picture.mask.height))
        return Region.all(of: picture.mask, minimumArea: minimumArea).map { region in
            var points = Outline(of: region).points(.centers)
            // Loaders take no polygon of fewer than three corners.
            while points.count < 3, let first = points.first { points.append(first) }
            let numbers = points.flatMap { [(Double($0.x) + inset) / width, (Double($0.y) + inset) / height] }
            return "\(region.label - 1) " + numbers.map { String(format: "%.6f", $0) }.joined(separator: " ") + "\n"
        }.joined()
    }

    /// A picture's mask of its labels, as ultralytics 8.4 paints them.
    ///
    /// - Parameters:
    ///   - text: The file's content.
    ///   - name: The picture's name.
    /// - Returns: The mask; classes are one more than in the file.
    /// - Throws: ``AnnotationError``.
    public static func picture(_ text: String, name: String, width: Int, height: Int) throws -> AnnotatedPicture {
        var canvas = try MaskCanvas(width: width, height: height, of: name)
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard !fields.isEmpty else { continue }
            let numbers = fields.dropFirst().map { Double($0) }
            guard let label = Int(fields[0]), (0..<255).contains(label), numbers.count >= 6, numbers.count % 2 == 0
            else {
                throw AnnotationError(
                    "line \(index + 1) of the labels of \(name) is not a class and a polygon of at least three corners")
            }
            let values = try numbers.map { number in
                guard let number, (-1...2).contains(number) else {
                    throw AnnotationError(
                        "line \(index + 1) of the labels of \(name) has a corner that is not between 0 and 1")
                }
                return number
            }
            let points = stride(from: 0, to: values.count, by: 2).map {
                Outline.Point(x: Int(values[$0] * Double(width)), y: Int(values[$0 + 1] * Double(height)))
            }
            PolygonFill.withBorder(points, width: width, height: height) { canvas.paint($0, UInt8(label + 1)) }
        }
        return try canvas.picture(named: name)
    }

    /// The classes' names in a `data.yaml`.
    package static func dataFile(classes: [String]) -> String {
        "# Labels of transeg. Beside labels/ belongs a folder images/ with the pictures.\npath: .\ntrain: images\nval: images\nnames:\n"
            + classes.enumerated().map { "  \($0.offset): \($0.element)\n" }.joined()
    }

    /// The names of the classes that a `data.yaml` in a folder lists; nil when there is none.
    static func classNames(in folder: String) throws -> [String]? {
        let path = "\(folder)/\(AnnotationFormat.yolo.fileName)"
        guard PlainFile.exists(path) else { return nil }
        let text = String(decoding: try PlainFile.contents(of: path), as: UTF8.self)
        let names = try? Yams.compose(yaml: text)?["names"]
        if let list = names?.sequence { return list.compactMap(\.string) }
        guard let pairs = names?.mapping?.map({ (Int($0.key.string ?? ""), $0.value.string) }) else {
            throw AnnotationError("\(path) has no list of names")
        }
        return pairs.compactMap { key, name in key.flatMap { key in name.map { (key, $0) } } }.sorted { $0.0 < $1.0 }
            .map(\.1)
    }
}
