import Files
import Foundation
public import Images
import StableDiffusion3

/// A picture that is to be read.
public enum PictureSource: Sendable, Hashable {
    case file(String)
    case standardInput

    /// What a person knows it by.
    public var name: String {
        switch self {
        case .file(let path): path
        case .standardInput: "standard input"
        }
    }

    /// What its results are named after.
    public var fileName: String {
        switch self {
        case .file(let path): (path as NSString).lastPathComponent
        case .standardInput: "stdin"
        }
    }

    /// Reads and decodes it. Throws `ImageError`, or ``SegmentationError/input(_:)`` of standard input that is no picture.
    public func read() throws -> Image { try read(bytesPerPixel: ImageReader.decodingBytesPerPixel) }

    /// - Parameter bytesPerPixel: Memory that a pixel takes until all is done with the picture.
    func read(bytesPerPixel: Int) throws -> Image {
        var reader = ImageReader()
        reader.bytesPerPixel = bytesPerPixel
        return switch self {
        case .file(let path): try reader.read(contentsOf: path)
        case .standardInput: try reader.read(data: Self.readStandardInput(), name: name)
        }
    }

    /// By the file's header; 0 where it cannot be told.
    var pixelCount: Int {
        switch self {
        case .file(let path): ImageReader.pixelCount(ofFile: path)
        case .standardInput: 0
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

    /// The pictures that paths name: files as they are, folders by their pictures in the order of names, `-` as standard input.
    ///
    /// - Throws: ``SegmentationError/input(_:)`` when a path does not exist or a folder has no pictures.
    public static func find(_ paths: [String]) throws -> [PictureSource] {
        try paths.flatMap { path -> [PictureSource] in
            if path == "-" { return [.standardInput] }
            guard FileManager.default.fileExists(atPath: path) || FileName.isForeign(path) else {
                throw SegmentationError.input("there is no file or folder \(path)")
            }
            return isFolder(path) ? try pictures(in: path) : [.file(path)]
        }
    }

    private static func pictures(in folder: String) throws -> [PictureSource] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw SegmentationError.input("the folder \(folder) cannot be read: \(error.localizedDescription)")
        }
        let pictures = names.filter { !$0.hasPrefix(".") && ImageReader.isSupported(fileName: $0) }.sorted()
            .map { (folder as NSString).appendingPathComponent($0) }
            .filter { !isFolder($0) }
        guard !pictures.isEmpty else {
            let formats = ImageReader.formats.joined(separator: ", ")
            throw SegmentationError.input(
                "the folder \(folder) has no pictures (\(formats)); subfolders are not searched")
        }
        return pictures.map { .file($0) }
    }
}
