import Files
import Foundation
public import Images

/// Writes the results of pictures as PNG files whose names do not collide, or to a stream.
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
    ///   - names: The file names of the pictures, which their results are named after: `bottle_mask.png` of `bottle.jpg`.
    /// - Throws: ``SegmentationError/output(_:)`` when results cannot be written there.
    public init(to destination: Destination, kinds: [ResultKind], names: [String]) throws {
        (self.destination, self.kinds, stems) = (destination, kinds, Self.stems(names))
        guard case .folder(let folder) = destination else { return }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw SegmentationError.output(
                "the output folder \(folder) cannot be made; check that no part of it is a file")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw SegmentationError.output("the output folder \(folder) cannot be written to; choose another")
        }
    }

    /// The names without suffix; with suffix, then with a number, where two would be the same. Those that leave no room for a result's
    /// ending are shortened and have a hash.
    static func stems(_ names: [String]) -> [String] {
        let plain = names.map { ($0 as NSString).deletingPathExtension }
        let plainCounts = Dictionary(plain.map { ($0, 1) }, uniquingKeysWith: +)
        var used: Set<String> = []
        return zip(names, plain).map { name, stem in
            let wanted = plainCounts[stem] == 1 ? stem : name
            var free = wanted
            var number = 2
            while !used.insert(FileName.stem(free)).inserted {
                free = "\(wanted)_\(number)"
                number += 1
            }
            return FileName.stem(free)
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
