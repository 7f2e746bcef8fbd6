import Files
import Foundation
public import Images
package import Torch

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
        (self.destination, self.kinds) = (destination, kinds)
        guard case .folder(let folder) = destination else {
            stems = []
            return
        }
        stems = try Self.stems(names)
        do { try makeFolder(folder) } catch let error as FileError {
            throw SegmentationError.output("the output folder \(folder) cannot be made: \(error.reason)")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw SegmentationError.output("the output folder \(folder) cannot be written to; choose another")
        }
    }

    /// The same for one process' share of the pictures.
    package func share(of ranks: Ranks) -> ResultWriter { ResultWriter(self, stems: ranks.share(of: stems)) }

    private init(_ whole: ResultWriter, stems: [String]) {
        (destination, kinds, self.stems) = (whole.destination, whole.kinds, stems)
    }

    /// The names without suffix; those that leave no room for a result's ending are shortened and have a hash.
    ///
    /// Throws ``SegmentationError/output(_:)`` where two are the same.
    static func stems(_ names: [String]) throws -> [String] {
        var owners: [String: String] = [:]
        return try names.map { name in
            let stem = FileName.stem(((name as NSString).lastPathComponent as NSString).deletingPathExtension)
            if let other = owners.updateValue(name, forKey: stem) {
                throw SegmentationError.output(
                    "\(other) and \(name) would both have the results \(stem)_….png; segment them into folders of their own with --output, or rename one"
                )
            }
            return stem
        }
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
        var files: [ResultKind: String] = [:]
        for kind in kinds {
            // Whoever asks for classes of a model without gets none.
            guard let image = try kind.image(of: segmentation, picture: picture) else { continue }
            switch destination {
            case .stream(let write): try write(image.pngData())
            case .folder(let folder):
                let path = (folder as NSString).appendingPathComponent("\(stems[index])_\(kind.rawValue).png")
                try image.write(to: path)
                files[kind] = path
            }
        }
        return files
    }
}
