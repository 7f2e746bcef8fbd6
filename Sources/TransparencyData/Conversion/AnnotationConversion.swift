public import Annotations
import Files
import Foundation
import Images

/// Makes annotation files of masks, masks of annotation files, and one kind of annotation file of another.
public struct AnnotationConversion: Sendable {
    /// What is made.
    public enum Target: Sendable, Equatable {
        /// `NAME_mask.png`: black and white of one class, Trans10K's colors of two.
        case masks
        case annotations(AnnotationFormat)
    }

    private let source: String
    private let target: Target
    private let picturesFolder: String?
    private let classes: [String]?
    private let minimumArea: Int
    private let masks: MaskReader

    /// - Parameters:
    ///   - source: A folder of masks, which may be its subfolder `masks`, or what `AnnotationReader` reads.
    ///   - picturesFolder: Where the pictures are; nil for `images` beside the masks or labels.
    ///   - classes: The classes that are kept, in this order; nil for all of annotations, and of masks for `glass`, one class of all that is
    ///     marked. Of masks there can be two, things and stuff.
    ///   - minimumArea: Connected regions of fewer pixels are left out of annotations.
    public init(
        of source: String, to target: Target, picturesFolder: String? = nil, classes: [String]? = nil,
        minimumArea: Int = 1, masks: MaskReader = MaskReader()
    ) {
        (self.source, self.target, self.picturesFolder) = (source, target, picturesFolder)
        (self.classes, self.minimumArea, self.masks) = (classes, minimumArea, masks)
    }

    /// Converts everything into a folder. A picture that cannot be read ends it, for a set without it would be another.
    ///
    /// - Parameters:
    ///   - folder: Is made; files of the same names are replaced.
    ///   - progress: Is given how many pictures are done.
    /// - Returns: How many pictures there are, and the paths of the files that are one a run.
    /// - Throws: `AnnotationError`, ``DatasetError``, `ImageError`, `FileError`.
    public func run(to folder: String, progress: (Int) -> Void = { _ in }) throws -> (count: Int, files: [String]) {
        try makeFolder(folder)
        let names = try outputClasses()
        guard target != .masks || names.count <= 2 else {
            throw AnnotationError(
                "\(source) has \(names.count) classes, and masks can show two; choose with --classes among \(names.joined(separator: ", "))"
            )
        }
        var writer: AnnotationWriter?
        if case .annotations(let format) = target {
            writer = try AnnotationWriter([format], to: folder, classes: names, minimumArea: minimumArea)
        }
        var count = 0
        try forEachPicture(names) { picture in
            if let writer { try writer.add(picture, at: count) } else { try write(picture, in: folder, of: names) }
            count += 1
            progress(count)
        }
        return (count, try writer?.finish() ?? [])
    }

    /// What the classes of the result are called.
    private func outputClasses() throws -> [String] {
        if let classes { return classes }
        guard AnnotationReader.isAnnotation(source) else { return ["glass"] }
        return try AnnotationReader(source, picturesFolder: picturesFolder).forEachPicture { _ in }
    }

    /// Pictures whose masks hold places in `names`.
    private func forEachPicture(_ names: [String], _ body: (AnnotatedPicture) throws -> Void) throws {
        guard AnnotationReader.isAnnotation(source) else { return try forEachMask(names, body) }
        let reader = try AnnotationReader(source, picturesFolder: picturesFolder)
        let own = try reader.forEachPicture { _ in }
        for name in names where !own.contains(name) {
            throw AnnotationError("\(source) has no class \(name); its classes are \(own.joined(separator: ", "))")
        }
        let places = [0] + own.map { UInt8((names.firstIndex(of: $0) ?? -1) + 1) }
        _ = try reader.forEachPicture { picture in
            let pixels = picture.mask.pixels.map { Int($0) < places.count ? places[Int($0)] : 0 }
            let mask = try Image(width: picture.mask.width, height: picture.mask.height, channels: 1, pixels: pixels)
            try body(AnnotatedPicture(name: picture.name, mask: mask))
        }
    }

    private func forEachMask(_ names: [String], _ body: (AnnotatedPicture) throws -> Void) throws {
        guard names.count <= 2 else {
            throw AnnotationError("masks tell two classes apart, things and stuff; --classes names \(names.count)")
        }
        let (folder, listing) = try listing()
        guard !listing.isEmpty else { throw AnnotationError("the folder \(source) has no masks") }
        for (name, path) in listing {
            let classes = try masks.read("\(folder)/\(path)")
            let pixels = names.count == 1 ? classes.pixels.map { $0 == 0 ? 0 : 1 } : classes.pixels
            try body(
                AnnotatedPicture(
                    name: name,
                    mask: try Image(width: classes.width, height: classes.height, channels: 1, pixels: pixels)))
        }
    }

    /// The pictures' names and the masks' paths in a folder, in order.
    private func listing() throws -> (folder: String, [(name: String, mask: String)]) {
        guard isFolder(source) else { throw AnnotationError("there is no folder or file \(source)") }
        let folder = isFolder("\(source)/masks") ? "\(source)/masks" : source
        var files = try DatasetFolder(root: folder, path: "").files { name in
            let stem = (name as NSString).deletingPathExtension
            return stem.hasSuffix("_mask") || stem.hasSuffix("-mask") ? Self.plainStem(stem) : nil
        }
        if files.isEmpty {
            files = try DatasetFolder(root: folder, path: "").files { ($0 as NSString).deletingPathExtension }
        }
        let beside = isFolder("\(source)/images") ? "\(source)/images" : nil
        let pictures = try (picturesFolder ?? beside)
            .map { try DatasetFolder(root: $0, path: "").files { ($0 as NSString).deletingPathExtension } }
        return (
            folder,
            files.sorted { $0.key.localizedStandardCompare($1.key) == .orderedAscending }
                .map { (name: pictures?[$0.key] ?? "\($0.key).jpg", mask: $0.value) }
        )
    }

    private static func plainStem(_ stem: String) -> String { String(stem.dropLast("_mask".count)) }

    private func write(_ picture: AnnotatedPicture, in folder: String, of names: [String]) throws {
        let path = "\(folder)/\(picture.stem)_mask.png"
        try makeFolder(parentFolder(of: path))
        let mask = picture.mask
        let image =
            names.count == 2
            ? try Image(classes: mask)
            : try Image(
                width: mask.width, height: mask.height, channels: 1, pixels: mask.pixels.map { $0 == 0 ? 0 : 255 })
        try image.write(to: path)
    }
}
