import Files
import Foundation
import Synchronization

/// The forms in which annotations are kept.
public enum AnnotationFormat: String, CaseIterable, Sendable {
    /// `coco.json`, instances.
    case coco
    /// `labels/NAME.txt` and `data.yaml`.
    case yolo
    /// `labelstudio.json`, tasks with predictions.
    case labelstudio
    /// `cvat.xml`, CVAT for images 1.1.
    case cvat

    /// What a run's file is called; of ``yolo``, which has a file a picture, the file of the classes.
    package var fileName: String {
        switch self {
        case .coco: "coco.json"
        case .yolo: "data.yaml"
        case .labelstudio: "labelstudio.json"
        case .cvat: "cvat.xml"
        }
    }
}

/// Writes annotations of pictures in one or several forms into a folder: of each picture what has a file of its own, in the end what has one a run.
public final class AnnotationWriter: Sendable {
    public let formats: [AnnotationFormat]
    private let folder: String
    private let classes: [String]
    private let minimumArea: Int
    private let modelVersion: String
    private let pictures = Mutex<[Parts]>([])

    /// What a picture adds to the files of the run.
    private struct Parts: Codable {
        /// The picture's place in the files.
        var index: Int
        var coco: COCOFile?
        var labelStudio: LabelStudioFile?
        var cvat: CVATFile?
    }

    /// Makes the folders.
    ///
    /// - Parameters:
    ///   - classes: The names of the classes, those of the values 1, 2, … of masks.
    ///   - minimumArea: Connected regions of fewer pixels are left out.
    ///   - modelVersion: What Label Studio shows as the source of the predictions.
    /// - Throws: `FileError`.
    public init(
        _ formats: [AnnotationFormat], to folder: String, classes: [String], minimumArea: Int = 1,
        modelVersion: String = "transeg"
    ) throws {
        (self.formats, self.folder, self.classes) = (formats, folder, classes)
        (self.minimumArea, self.modelVersion) = (minimumArea, modelVersion)
        try makeFolder(folder)
        if formats.contains(.yolo) { try makeFolder("\(folder)/labels") }
    }

    /// Takes a picture's mask. May be called on any thread, in any order. Throws `FileError`.
    ///
    /// - Parameter index: The picture's place in the files.
    public func add(_ picture: AnnotatedPicture, at index: Int) throws {
        var parts = Parts(index: index)
        for format in formats {
            switch format {
            case .coco:
                var file = COCOFile(classes: classes)
                file.add(picture, minimumArea: minimumArea)
                parts.coco = file
            case .labelstudio:
                var file = LabelStudioFile(classes: classes)
                file.add(picture, modelVersion: modelVersion, minimumArea: minimumArea)
                parts.labelStudio = file
            case .cvat:
                var file = CVATFile(classes: classes)
                file.add(picture, minimumArea: minimumArea)
                parts.cvat = file
            case .yolo:
                let path = "\(folder)/labels/\(picture.stem).txt"
                try makeFolder(parentFolder(of: path))
                try AtomicFile.write(Array(YOLOLabels.text(of: picture, minimumArea: minimumArea).utf8), to: path)
            }
        }
        pictures.withLock { $0.append(parts) }
    }

    /// What ``take(_:)`` of another process' writer takes.
    ///
    /// - Parameter index: A picture's place among those of all processes, by its place among those of this one.
    package func encodedPictures(_ index: (Int) -> Int) throws -> [UInt8] {
        let encoder = JSONEncoder()
        // A line a picture, as JSONLists does it.
        return try pictures.withLock { $0 }.reduce(into: []) { lines, parts in
            var parts = parts
            parts.index = index(parts.index)
            lines += try encoder.encode(parts) + [UInt8(ascii: "\n")]
        }
    }

    /// Has the pictures of several writers instead of its own.
    package func take(_ encoded: [[UInt8]]) throws {
        let decoder = JSONDecoder()
        let all = try encoded.flatMap { lines in
            try lines.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(Parts.self, from: Data($0)) }
        }
        pictures.withLock { $0 = all }
    }

    /// Writes the files of the run. Gives their paths. Throws `FileError`.
    @discardableResult
    public func finish() throws -> [String] {
        let parts = pictures.withLock { $0.sorted { $0.index < $1.index } }
        return try formats.map { format in
            let path = "\(folder)/\(format.fileName)"
            switch format {
            case .coco:
                var file = COCOFile(classes: classes)
                for part in parts { part.coco.map { file.append($0) } }
                try file.write(to: path)
            case .labelstudio:
                var file = LabelStudioFile(classes: classes)
                for part in parts { part.labelStudio.map { file.append($0) } }
                try file.write(to: path)
            case .cvat:
                var file = CVATFile(classes: classes)
                for part in parts { part.cvat.map { file.append($0) } }
                try file.write(to: path)
            case .yolo:
                try AtomicFile.write(Array(YOLOLabels.dataFile(classes: classes).utf8), to: path)
            }
            return path
        }
    }
}
