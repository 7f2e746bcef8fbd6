import Foundation
public import Images
import StableDiffusion3

/// A picture that is to be read.
public enum PictureSource: Sendable, Hashable {
    case file(String)
    case standardInput

    /// What people know it by.
    public var name: String {
        switch self {
        case .file(let path): path
        case .standardInput: "standard input"
        }
    }

    /// What its results are named after.
    var fileName: String {
        switch self {
        case .file(let path): (path as NSString).lastPathComponent
        case .standardInput: "stdin"
        }
    }

    /// Decodes it. Throws `ImageError`, and ``SegmentationError/input(_:)`` when standard input is longer than any picture.
    public func read() throws -> Image {
        switch self {
        case .file(let path): try ImageReader().read(contentsOf: path)
        case .standardInput:
            try ImageReader().read(data: Self.readStandardInput(), name: name)
        }
    }

    private static func readStandardInput() throws -> [UInt8] {
        let limit = 1 << 30
        var bytes: [UInt8] = []
        while let part = try FileHandle.standardInput.read(upToCount: 1 << 20), !part.isEmpty {
            bytes += part
            guard bytes.count <= limit else {
                throw SegmentationError.input("standard input is longer than 1 GiB, no picture")
            }
        }
        return bytes
    }

    /// The pictures that paths name: files as they are, folders by their pictures in the order of names, `-` standard input.
    ///
    /// - Throws: ``SegmentationError/input(_:)`` when there is nothing at a path or a folder has no pictures.
    public static func find(_ paths: [String]) throws -> [PictureSource] {
        try paths.flatMap { path -> [PictureSource] in
            if path == "-" { return [.standardInput] }
            guard FileManager.default.fileExists(atPath: path) else {
                throw SegmentationError.input("there is no file or folder \(path)")
            }
            guard isFolder(path) else { return [.file(path)] }
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: path)
            } catch {
                throw SegmentationError.input("the folder \(path) cannot be read: \(error.localizedDescription)")
            }
            let pictures = names.filter { !$0.hasPrefix(".") && ImageReader.isSupported(fileName: $0) }.sorted()
                .map { (path as NSString).appendingPathComponent($0) }
                .filter { !isFolder($0) }
            guard !pictures.isEmpty else {
                let formats = ImageReader.formats.joined(separator: ", ")
                throw SegmentationError.input(
                    "the folder \(path) has no pictures (\(formats)); subfolders are not searched")
            }
            return pictures.map { .file($0) }
        }
    }
}
