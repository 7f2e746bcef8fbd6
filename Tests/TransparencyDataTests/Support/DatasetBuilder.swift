import Files
import Foundation
import Images

@testable import TransparencyData

/// Writes small data sets file by file.
struct DatasetBuilder {
    let root: String

    func write(_ image: Image, _ path: String) throws {
        try write(path.lowercased().hasSuffix("png") ? image.pngData() : image.jpegData(quality: 95), path)
    }

    func write(_ bytes: [UInt8], _ path: String) throws {
        let file = URL(fileURLWithPath: "\(root)/\(path)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try AtomicFile.write(bytes, to: file.path)
    }

    /// A gray picture and a mask without glass.
    func writeBlankPair(_ picture: String, _ mask: String, width: Int = 6, height: Int = 4) throws {
        try write(Self.blank(width: width, height: height, channels: 3, value: 90), picture)
        try write(Self.blank(width: width, height: height, channels: 1, value: 0), mask)
    }

    static func blank(width: Int, height: Int, channels: Int, value: UInt8) throws -> Image {
        try Image(
            width: width, height: height, channels: channels,
            pixels: [UInt8](repeating: value, count: width * height * channels))
    }
}

/// A data set's folder for `body`, removed afterwards.
func withDataset<R>(_ body: (DatasetBuilder) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dataset-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(DatasetBuilder(root: folder.path))
}

extension Image {
    /// A JPEG whose EXIF data say that the picture is stored in `orientation`.
    func jpegData(tagged orientation: Orientation) throws -> [UInt8] {
        let tiff: [UInt8] =
            Array("II*\0".utf8) + [8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0]
            + [UInt8(orientation.rawValue), 0, 0, 0, 0, 0, 0, 0]
        let content = Array("Exif\0\0".utf8) + tiff
        let jpeg = try jpegData(quality: 95)
        return jpeg[..<2] + [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content + jpeg[2...]
    }
}
