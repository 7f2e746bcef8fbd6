import Foundation
public import Images

/// What can be written of a picture.
public enum ResultKind: String, CaseIterable, Sendable {
    case soft, mask, overlay, cutout
    /// Of models that predict classes only.
    case classes
}

/// Writes the results of each picture as PNG, under names that do not collide.
public struct ResultWriter: Sendable {
    /// Where results go.
    public enum Destination: Sendable {
        /// Into a folder, which is made where it is not there: `NAME_mask.png` and the like.
        case folder(String)
        /// To whoever takes the bytes, one file after the other.
        case bytes(@Sendable ([UInt8]) throws -> Void)
    }

    private let destination: Destination
    private let kinds: [ResultKind]
    private let stems: [String]

    /// - Parameter pictures: Whose results will be written.
    /// - Throws: ``SegmentationError/output(_:)`` when results cannot be written to the folder.
    public init(to destination: Destination, kinds: [ResultKind], pictures: [PictureSource]) throws {
        (self.destination, self.kinds) = (destination, kinds)
        stems = Self.stems(pictures.map(\.fileName))
        guard case .folder(let output) = destination else { return }
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        } catch {
            throw SegmentationError.output(
                "the output folder \(output) cannot be made; check that no part of it is a file")
        }
        guard FileManager.default.isWritableFile(atPath: output) else {
            throw SegmentationError.output("the output folder \(output) cannot be written to; choose another")
        }
    }

    /// The names without suffix; with suffix, then with a number, where two would be the same.
    static func stems(_ names: [String]) -> [String] {
        let plain = names.map { ($0 as NSString).deletingPathExtension }
        let plainCounts = Dictionary(plain.map { ($0, 1) }, uniquingKeysWith: +)
        var used: Set<String> = []
        return zip(names, plain).map { name, stem in
            let wanted = plainCounts[stem] == 1 ? stem : name
            var free = wanted
            var number = 2
            while !used.insert(free).inserted {
                free = "\(wanted)_\(number)"
                number += 1
            }
            return free
        }
    }

    /// Writes the results of the picture at `index` and gives the paths of files by kind. Each appears whole or not at all.
    ///
    /// - Throws: `AtomicFileError`, `ImageError`, and what the taker of bytes throws.
    public func write(_ segmentation: Segmentation, of picture: Image, index: Int) throws -> [ResultKind: String] {
        var files: [ResultKind: String] = [:]
        for kind in kinds {
            let image: Image? =
                switch kind {
                case .soft: try segmentation.softImage()
                case .mask: try segmentation.maskImage()
                case .overlay: try segmentation.overlay(on: picture)
                case .cutout: try segmentation.cutout(of: picture)
                case .classes: try segmentation.classesImage()
                }
            // A model without classes has none to write.
            guard let image else { continue }
            switch destination {
            case .bytes(let take): try take(image.pngData())
            case .folder(let output):
                let path = (output as NSString).appendingPathComponent("\(stems[index])_\(kind.rawValue).png")
                try image.write(to: path)
                files[kind] = path
            }
        }
        return files
    }
}
