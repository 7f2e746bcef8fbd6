import Files
import Foundation
import Images

/// Reads annotation files of any of the forms as masks.
public struct AnnotationReader: Sendable {
    public let format: AnnotationFormat
    private let path: String
    private let picturesFolder: String?

    /// Recognizes the form of a file or folder.
    ///
    /// - Parameters:
    ///   - path: COCO's or Label Studio's JSON, CVAT's XML, or a folder of YOLO's labels, which may be in its subfolder `labels`.
    ///   - picturesFolder: Where the pictures are, whose sizes YOLO's labels need; nil for `images` beside the labels.
    /// - Throws: ``AnnotationError`` when it is none of them.
    public init(_ path: String, picturesFolder: String? = nil) throws {
        (self.path, self.picturesFolder) = (path, picturesFolder)
        if isFolder(path) {
            guard !Self.labelFiles(in: path).isEmpty else {
                throw AnnotationError(
                    "the folder \(path) has no labels of YOLO, text files in it or in its folder labels")
            }
            format = .yolo
            return
        }
        let head = try PlainFile.contents(of: path).prefix(4096).drop {
            $0 <= 0x20 || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF
        }
        switch head.first.map(UnicodeScalar.init) {
        case "{": format = .coco
        case "[": format = .labelstudio
        case "<": format = .cvat
        default:
            throw AnnotationError(
                "\(path) is neither JSON of COCO or Label Studio, nor XML of CVAT, nor a folder of YOLO's labels")
        }
    }

    /// Whether a path is to be read as annotations, not as a folder of masks: a file, or a folder with labels.
    package static func isAnnotation(_ path: String) -> Bool {
        isFolder(path) ? !labelFiles(in: path).isEmpty : FileManager.default.fileExists(atPath: path)
    }

    /// Calls `body` with each picture's mask. Throws ``AnnotationError``, what reading files throws, and what `body` throws.
    ///
    /// - Parameter body: Is given a picture whose mask holds places in the list of names, from 1 on.
    /// - Returns: The names of the classes.
    public func forEachPicture(_ body: (AnnotatedPicture) throws -> Void) throws -> [String] {
        switch format {
        case .coco:
            let file = try COCOFile(contentsOf: path)
            try file.forEachPicture(body)
            return file.classes
        case .labelstudio: return try LabelStudioFile.forEachPicture(of: path, body)
        case .cvat: return try CVATFile.forEachPicture(of: path, body)
        case .yolo: return try readLabels(body)
        }
    }

    private static func labelFiles(in folder: String) -> [String] {
        for folder in ["\(folder)/labels", folder] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let files = names.filter { $0.hasSuffix(".txt") && !$0.hasPrefix(".") && $0 != "classes.txt" }
            if !files.isEmpty { return files.sorted().map { "\(folder)/\($0)" } }
        }
        return []
    }

    private func readLabels(_ body: (AnnotatedPicture) throws -> Void) throws -> [String] {
        let folder = picturesFolder ?? "\(path)/images"
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder).filter(ImageReader.isSupported)
        } catch {
            throw AnnotationError(
                "labels of YOLO need their pictures, and the folder \(folder) cannot be read; name it with --pictures")
        }
        let pictures = Dictionary(names.sorted().map { (($0 as NSString).deletingPathExtension, $0) }) { first, _ in
            first
        }
        var greatest = 0
        for file in Self.labelFiles(in: path) {
            let stem = ((file as NSString).lastPathComponent as NSString).deletingPathExtension
            guard let name = pictures[stem] else {
                throw AnnotationError("\(file) has no picture \(stem) in \(folder)")
            }
            let stored = try ImageReader().readSize(contentsOf: "\(folder)/\(name)")
            let isTransposed = stored.orientation.isTransposing
            let text = String(decoding: try PlainFile.contents(of: file), as: UTF8.self)
            let picture = try YOLOLabels.picture(
                text, name: name, width: isTransposed ? stored.height : stored.width,
                height: isTransposed ? stored.width : stored.height)
            greatest = max(greatest, Int(picture.mask.pixels.max() ?? 0))
            try body(picture)
        }
        return try YOLOLabels.classNames(in: path) ?? (0..<max(1, greatest)).map { "class \($0)" }
    }
}
