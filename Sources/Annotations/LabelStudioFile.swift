import Files
import Foundation
import Images

/// Label Studio's brush labels: tasks whose predictions hold masks in its own run-length code.
public struct LabelStudioFile: Codable, Sendable {
    private var tasks: [Task] = []
    private let classes: [String]

    /// The names of the controls of a labeling configuration, as `brushlabels` results name them.
    package static let fromName = "tag"
    package static let toName = "image"

    /// - Parameter classes: The labels of the classes.
    public init(classes: [String]) { self.classes = classes }

    /// Adds the mask of a picture: a result a class.
    ///
    /// - Parameter minimumArea: Regions of fewer pixels are left out.
    public mutating func add(_ picture: AnnotatedPicture, modelVersion: String, minimumArea: Int = 1) {
        tasks.append(
            Task(
                data: ["image": picture.name],
                predictions: [
                    .init(
                        modelVersion: modelVersion,
                        result: LabelStudioResult.all(of: picture, classes: classes, minimumArea: minimumArea))
                ]))
    }

    /// Adds the pictures of a file of the same classes.
    mutating func append(_ other: LabelStudioFile) { tasks += other.tasks }

    /// Throws `FileError`.
    public func write(to path: String) throws {
        try JSONLists.write(to: path) { try $0.append(tasks) }
    }

    /// Reads tasks as Label Studio exports and takes them; annotations of people go before predictions. Throws ``AnnotationError``,
    /// `FileReadError` and what `body` throws.
    ///
    /// - Parameter body: Is given each picture's mask.
    /// - Returns: The labels, in the order of the classes.
    @discardableResult
    public static func forEachPicture(of path: String, _ body: (AnnotatedPicture) throws -> Void) throws -> [String] {
        let tasks: [Task]
        do {
            tasks = try JSONDecoder().decode([Task].self, from: PlainFile.contents(of: path))
        } catch let error as DecodingError {
            throw AnnotationError("\(path) is no file of Label Studio's tasks: \(error.sentence)")
        }
        let results = tasks.map { ($0, ($0.annotations?.last ?? $0.predictions?.last)?.result ?? []) }
        let labels = Set(results.flatMap { $0.1.compactMap(\.label) }).sorted()
        for (task, results) in results {
            // The names of the data's keys are the user's own.
            guard let name = (task.data["image"] ?? task.data.values.sorted().first).map(Self.pictureName),
                let first = results.first
            else { continue }
            var canvas = try MaskCanvas(width: first.originalWidth, height: first.originalHeight, of: name)
            for result in results {
                guard let label = result.label, let place = labels.firstIndex(of: label), place < 255,
                    let code = result.value.rle
                else { continue }
                let alpha = try LabelStudioRunLength.decoded(code, pixelCount: canvas.width * canvas.height)
                for (place2, isInside) in alpha.enumerated() where isInside { canvas.paint(place2, UInt8(place + 1)) }
            }
            try body(canvas.picture(named: name))
        }
        return labels
    }

    /// Of `/data/local-files/?d=photos/a.jpg` or `/data/upload/1/0a1b2c3d-a.jpg` the file's name.
    private static func pictureName(_ address: String) -> String {
        let path = address.split(separator: "=").last.map(String.init) ?? address
        return (path as NSString).lastPathComponent
    }

    private struct Task: Codable {
        var data: [String: String]
        var predictions: [Results]?
        var annotations: [Results]?
    }

    private struct Results: Codable {
        var modelVersion: String?
        var result: [LabelStudioResult]

        enum CodingKeys: String, CodingKey {
            case result
            case modelVersion = "model_version"
        }
    }
}

/// One mask of one label, with Label Studio's names.
package struct LabelStudioResult: Codable, Sendable {
    let fromName: String
    let toName: String
    let type: String
    let originalWidth: Int
    let originalHeight: Int
    let value: Value

    enum CodingKeys: String, CodingKey {
        case type, value
        case fromName = "from_name"
        case toName = "to_name"
        case originalWidth = "original_width"
        case originalHeight = "original_height"
    }

    struct Value: Codable {
        let format: String?
        let rle: [UInt8]?
        let brushlabels: [String]?
    }

    var label: String? { value.brushlabels?.first }

    /// A result for each class that the picture has. `from` and `to` are the names of the configuration's controls.
    package static func all(
        of picture: AnnotatedPicture, classes: [String], minimumArea: Int = 1, from: String = LabelStudioFile.fromName,
        to: String = LabelStudioFile.toName
    ) -> [LabelStudioResult] {
        let (width, height) = (picture.mask.width, picture.mask.height)
        let regions = Region.all(of: picture.mask, minimumArea: minimumArea)
        return classes.enumerated().compactMap { index, name in
            let own = regions.filter { Int($0.label) == index + 1 }
            guard !own.isEmpty else { return nil }
            var pixels = [Bool](repeating: false, count: width * height)
            for region in own {
                for (place, isInside) in region.pixels.enumerated() where isInside {
                    pixels[(region.y + place / region.width) * width + region.x + place % region.width] = true
                }
            }
            return LabelStudioResult(
                fromName: from, toName: to, type: "brushlabels", originalWidth: width, originalHeight: height,
                value: .init(format: "rle", rle: LabelStudioRunLength.encoded(pixels), brushlabels: [name]))
        }
    }
}
