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
        var part = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = part.withUnsafeMutableBytes { Foundation.read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let reason =
                    switch errno {
                    case EISDIR: "it is a folder"
                    case EBADF: "it is closed"
                    default: String(cString: strerror(errno))
                    }
                throw SegmentationError.input("standard input cannot be read: \(reason)")
            }
            if count == 0 { break }
            bytes += part[..<count]
            guard bytes.count <= limit else {
                throw SegmentationError.input("standard input is longer than 1 GiB, no picture")
            }
        }
        return bytes
    }

    /// The pictures that paths name: files as they are, folders by their pictures in the order of names, `-` as standard input. A file that is
    /// named twice is taken once.
    ///
    /// - Throws: ``SegmentationError/input(_:)`` when a path does not exist or a folder has no pictures.
    public static func find(_ paths: [String]) throws -> [PictureSource] {
        let sources = try paths.flatMap { path -> [PictureSource] in
            if path == "-" { return [.standardInput] }
            guard FileManager.default.fileExists(atPath: path) || FileName.isForeign(path) else {
                if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
                    throw SegmentationError.input(
                        "\(path) is a link to \(target), which leads to no file; give the picture's own path")
                }
                throw SegmentationError.input("there is no file or folder \(path)")
            }
            return isFolder(path) ? try pictures(in: path) : [.file(path)]
        }
        var seen: Set<[String]> = []
        // Two names of one file are two pictures: their results have two names.
        return sources.filter { seen.insert([$0.realPath, $0.fileName]).inserted }
    }

    private var realPath: String {
        switch self {
        case .file(let path): URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        case .standardInput: ""
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
