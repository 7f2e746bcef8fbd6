import Foundation
import Images
import StableDiffusion3

/// A picture that is to be read.
enum PictureSource: Sendable {
    case file(String)
    case standardInput

    /// What the user knows it by.
    var name: String {
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

    /// Decodes it. Throws `ImageError`.
    func read() throws -> Image {
        switch self {
        case .file(let path): try ImageReader().read(contentsOf: path)
        case .standardInput:
            try ImageReader().read(data: Self.readStandardInput(), name: name)
        }
    }

    /// All of standard input. Throws ``InputError`` when it is longer than any picture.
    private static func readStandardInput() throws -> [UInt8] {
        let limit = 1 << 30
        var bytes: [UInt8] = []
        while let part = try FileHandle.standardInput.read(upToCount: 1 << 20), !part.isEmpty {
            bytes += part
            guard bytes.count <= limit else { throw InputError("standard input is longer than 1 GiB, no picture") }
        }
        return bytes
    }

    /// The pictures that the arguments name: files as they are, folders by their pictures in the order of names.
    ///
    /// Throws ``InputError`` when an argument does not exist or a folder has no pictures.
    static func find(_ arguments: [String]) throws -> [PictureSource] {
        try arguments.flatMap { argument -> [PictureSource] in
            if argument == "-" { return [.standardInput] }
            guard FileManager.default.fileExists(atPath: argument) else {
                throw InputError("there is no file or folder \(argument)")
            }
            guard isFolder(argument) else { return [.file(argument)] }
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: argument)
            } catch {
                throw InputError("the folder \(argument) cannot be read: \(error.localizedDescription)")
            }
            let pictures = names.filter { !$0.hasPrefix(".") && ImageReader.isSupported(fileName: $0) }.sorted()
                .map { (argument as NSString).appendingPathComponent($0) }
                .filter { !isFolder($0) }
            guard !pictures.isEmpty else {
                let formats = ImageReader.formats.joined(separator: ", ")
                throw InputError("the folder \(argument) has no pictures (\(formats)); subfolders are not searched")
            }
            return pictures.map { .file($0) }
        }
    }
}

/// An argument or a place on disk that cannot be used.
struct InputError: Error, LocalizedError, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    var errorDescription: String? { description }
}
