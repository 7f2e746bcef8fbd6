import Foundation
public import Images

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
        case .standardInput: try reader.read(data: Self.readStandardInput("no picture"), name: name)
        }
    }

    /// By the file's header; 0 where it cannot be told.
    var pixelCount: Int {
        switch self {
        case .file(let path): ImageReader.pixelCount(ofFile: path)
        case .standardInput: 0
        }
    }

    /// - Parameter what: What it is when it is too long.
    static func readStandardInput(_ what: String) throws -> [UInt8] {
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
                throw SegmentationError.input("standard input is longer than 1 GiB, \(what)")
            }
        }
        return bytes
    }

    /// The pictures that paths name: files as they are, folders by their pictures in the order of names, patterns such as `photos/*.jpg` by
    /// what they match, `-` as standard input. A file that is named twice is taken once.
    ///
    /// - Throws: ``SegmentationError/input(_:)`` when a path does not exist or a folder has no pictures.
    public static func find(_ paths: [String]) throws -> [PictureSource] {
        try PictureSearch().pictures(paths).map(\.source)
    }
}
