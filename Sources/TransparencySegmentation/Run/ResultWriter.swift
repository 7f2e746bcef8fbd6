import Files
import Foundation
public import Images

/// Writes the results of pictures as PNG files, or to a stream. A result's name depends on its picture's alone.
public struct ResultWriter: Sendable {
    /// Where results go.
    public enum Destination: Sendable {
        /// A folder, made where there is none.
        case folder(String)
        /// What takes each file's bytes.
        case stream(@Sendable ([UInt8]) throws -> Void)
    }

    private let destination: Destination
    let kinds: [ResultKind]
    private let stems: [String]

    /// Makes the folder; its path must be a folder that can be written to, or free.
    ///
    /// - Parameters:
    ///   - destination: A folder, or standard output.
    ///   - kinds: What to write of each picture.
    ///   - names: The names or paths of the pictures, which their results are named after: `bottle_mask.png` of `bottle.jpg`.
    /// - Throws: ``SegmentationError/output(_:)`` when results cannot be written there, or those of two pictures would have the same names.
    public init(to destination: Destination, kinds: [ResultKind], names: [String]) throws {
        try self.init(to: destination, kinds: kinds, stems: Self.stems(names))
    }

    /// For pictures whose names may be paths, which the results' folders follow.
    ///
    /// - Throws: ``SegmentationError/output(_:)``, also where a result would be written over a picture.
    package init(to destination: Destination, kinds: [ResultKind], pictures: [NamedPicture]) throws {
        let stems = try Self.stems(
            pictures.map { ($0.source == .standardInput ? $0.name : $0.source.name, $0.stem) })
        if case .folder(let folder) = destination {
            try Self.check(folder, kinds, stems, inputs: Set(pictures.compactMap { $0.realPath.map(FileName.key) }))
        }
        try self.init(to: destination, kinds: kinds, stems: stems)
    }

    private init(to destination: Destination, kinds: [ResultKind], stems: [String]) throws {
        (self.destination, self.kinds, self.stems) = (destination, kinds, stems)
        guard case .folder(let folder) = destination else { return }
        do { try makeFolder(folder) } catch let error as FileError {
            throw SegmentationError.output("the output folder \(folder) cannot be made: \(error.reason)")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw SegmentationError.output("the output folder \(folder) cannot be written to; choose another")
        }
    }

    /// The names without suffix and folders.
    ///
    /// Throws ``SegmentationError/output(_:)`` where two are the same.
    static func stems(_ names: [String]) throws -> [String] {
        try stems(names.map { ($0, NamedPicture.stem(of: ($0 as NSString).lastPathComponent)) })
    }

    private static func stems(_ pictures: [(name: String, stem: String)]) throws -> [String] {
        var owners: [[UInt8]: String] = [:]
        var first: (name: String, other: String, stem: String)?
        var count = 0
        for (name, stem) in pictures {
            guard let other = owners.updateValue(name, forKey: FileName.key(stem)) else { continue }
            first = first ?? (name, other, stem)
            count += 1
        }
        if let first {
            throw SegmentationError.output(
                "\(first.other) and \(first.name) would both have the results \(first.stem)_….png"
                    + (count > 1 ? ", and \(count - 1) more are like them" : "")
                    + "; segment them into folders of their own with --output, or rename one")
        }
        return pictures.map(\.stem)
    }

    /// Throws ``SegmentationError/output(_:)`` where a result would take a picture's place.
    private static func check(
        _ folder: String, _ kinds: [ResultKind], _ stems: [String], inputs: Set<[UInt8]>
    ) throws {
        guard let folder = realPath(folder) else { return }
        for stem in stems {
            for kind in kinds where inputs.contains(FileName.key("\(folder)/\(stem)_\(kind.rawValue).png")) {
                throw SegmentationError.output(
                    "the result \(stem)_\(kind.rawValue).png would be written over a picture of that name; name another folder with --output"
                )
            }
        }
    }

    /// Where a result goes; nil for a stream.
    private func path(_ stem: String, _ kind: ResultKind) -> String? {
        guard case .folder(let folder) = destination else { return nil }
        return (folder as NSString).appendingPathComponent("\(stem)_\(kind.rawValue).png")
    }

    /// Whether all results of a picture are there, YOLO's labels where they are asked for among them, and none is older than the picture. As
    /// files appear whole, they are whole.
    package func hasResults(of picture: NamedPicture, labels: Bool = false) -> Bool {
        guard case .file(let source) = picture.source, case .folder(let folder) = destination,
            let state = FileState(of: source)
        else { return false }
        let files =
            kinds.compactMap { path(picture.stem, $0) }
            + (labels ? ["\(folder)/labels/\((picture.name as NSString).deletingPathExtension).txt"] : [])
        return !files.isEmpty && files.allSatisfy { FileState(of: $0).map { $0.modified >= state.modified } ?? false }
    }

    /// Writes the results of a picture. Each file appears whole or not at all. May be called on any thread.
    ///
    /// - Parameters:
    ///   - segmentation: What was found in the picture.
    ///   - picture: The picture that was segmented, RGB.
    ///   - index: The picture's place among the names.
    /// - Returns: The paths of the files.
    /// - Throws: `ImageError`, `FileError`, or what the stream throws.
    @discardableResult
    public func write(
        _ segmentation: Segmentation, of picture: Image, index: Int
    ) throws -> [ResultKind: String] {
        try write(segmentation, of: picture, stem: stem(at: index))
    }

    /// The stem of the picture at a place among the names; of a stream, which has no files, none.
    func stem(at index: Int) -> String { stems.indices.contains(index) ? stems[index] : "" }

    func write(_ segmentation: Segmentation, of picture: Image, stem: String) throws -> [ResultKind: String] {
        var files: [ResultKind: String] = [:]
        for kind in kinds {
            // Whoever asks for classes of a model without gets none.
            guard let image = try kind.image(of: segmentation, picture: picture) else { continue }
            if case .stream(let write) = destination { try write(image.pngData()) }
            guard let path = path(stem, kind) else { continue }
            if stem.contains("/") { try makeFolder(parentFolder(of: path)) }
            try image.write(to: path)
            files[kind] = path
        }
        return files
    }
}
