public import Foundation
import Images

/// Photographs to stand behind drawn glass instead of drawn walls.
///
/// ```swift
/// let photographs = try Photographs(folder: "walls/")
/// let (picture, mask) = try SyntheticScene(seed: 1, split: .train, index: 0, size: 128, photographs: photographs).draw()
/// ```
///
/// They should show no glass, for their masks say that there is none.
public struct Photographs: Sendable {
    /// In the order of their names; at least one.
    let all: [Photograph]

    /// Most pictures of a folder: each takes up to 4 MB of memory.
    public static let limit = 1000

    /// Reads all pictures of a folder, not of those in it. What has no suffix of a picture is passed over, and so are hidden files.
    ///
    /// - Throws: `PhotographsError`, and `ImageError` of the first file that is no whole picture.
    public init(folder: String) throws {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw PhotographsError.notAFolder(folder)
        }
        let pictures = names.filter { !$0.hasPrefix(".") && ImageReader.isSupported(fileName: $0) }.sorted()
        guard !pictures.isEmpty else { throw PhotographsError.noPictures(folder) }
        guard pictures.count <= Self.limit else { throw PhotographsError.tooMany(folder, count: pictures.count) }
        all = try pictures.map { try Photograph(ImageReader().read(contentsOf: "\(folder)/\($0)")) }
    }
}

/// Why a folder's photographs cannot be used.
public enum PhotographsError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// There is no such folder, or it cannot be read.
    case notAFolder(String)
    /// No file in it has the suffix of a picture.
    case noPictures(String)
    /// It has more pictures than `Photographs.limit`.
    case tooMany(String, count: Int)

    public var description: String {
        switch self {
        case .notAFolder(let path): "\(path) is not a folder that can be read; give a folder of photographs"
        case .noPictures(let path):
            "\(path) has no pictures in it (those of its folders do not count); give a folder of photographs"
        case .tooMany(let path, let count):
            "\(path) has \(count) pictures, and all are kept in memory; give a folder with \(Photographs.limit) at most"
        }
    }

    public var errorDescription: String? { description }
}
