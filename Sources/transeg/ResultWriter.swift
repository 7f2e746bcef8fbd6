import Foundation
import Images
import SyntheticScenes
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// What can be written of a picture.
enum ResultKind: String, CaseIterable, Sendable {
    case soft, mask, overlay, cutout
    /// Of models that predict classes only.
    case classes
}

/// Writes the results of each picture under names that do not collide.
struct ResultWriter: Sendable {
    private let output: String
    private let kinds: [ResultKind]
    private let stems: [String]

    /// Makes the output folder; its path must be a folder that can be written to, or free. `-` is standard output.
    ///
    /// Throws ``InputError`` when results cannot be written there.
    init(output: String, kinds: [ResultKind], sources: [PictureSource]) throws {
        self.output = output
        self.kinds = kinds
        stems = Self.stems(sources.map(\.fileName))
        guard output != "-" else { return }
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        } catch {
            throw InputError("the output folder \(output) cannot be made; check that no part of it is a file")
        }
        guard FileManager.default.isWritableFile(atPath: output) else {
            throw InputError("the output folder \(output) cannot be written to; choose another with --output")
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

    /// Writes the results of the picture at `index` and gives their paths by kind. Each appears whole or not at all.
    func write(_ segmentation: Segmentation, of picture: Image, index: Int) throws -> [String: String] {
        var files: [String: String] = [:]
        for kind in kinds {
            let image: Image? =
                switch kind {
                case .soft: try segmentation.softImage()
                case .mask: try segmentation.maskImage()
                case .overlay: try segmentation.overlay(on: picture)
                case .cutout: try segmentation.cutout(of: picture)
                case .classes: try segmentation.classesImage()
                }
            // Whoever asks for classes of a model without has been told.
            guard let image else { continue }
            if output == "-" {
                try StandardStream.output.write(image.pngData())
            } else {
                let path = (output as NSString).appendingPathComponent("\(stems[index])_\(kind.rawValue).png")
                try image.write(to: path)
                files[kind.rawValue] = path
            }
        }
        return files
    }
}
