import CVips
import Files
import Foundation

/// How hard a PNG file is squeezed; the pixels are the same for all. The raw value is zlib's level.
public enum PNGCompression: Int, Sendable {
    /// Not at all.
    case none = 0
    /// Quickly, for files that are soon removed.
    case fast = 1
    /// zlib's default.
    case standard = 6
    /// As small as zlib can, slowly.
    case small = 9
}

extension Image {
    /// The picture as a PNG file with 8 bits per sample: gray, RGB or RGBA.
    ///
    /// - Parameter text: what is kept in the file as (compressed) text, by keywords of 1 to 79 Latin letters and digits; nothing else is.
    /// - Throws: `ImageError.libraryFailed`.
    public func pngData(
        compression: PNGCompression = .standard, text: KeyValuePairs<String, String> = [:]
    ) throws -> [UInt8] {
        try withPNG(compression, text, encoded)
    }

    /// Calls `body` with what saves the picture as a PNG file.
    private func withPNG<R>(
        _ compression: PNGCompression, _ text: KeyValuePairs<String, String>, _ body: (VipsSaver) throws -> R
    ) rethrows -> R {
        let keywords = text.map { strdup($0.key) }
        let texts = text.map { strdup($0.value) }
        defer { for copy in keywords + texts { free(copy) } }
        return try body { image, data, size in
            cvips_png(
                image, Int32(compression.rawValue), Int32(text.count), keywords.map { UnsafePointer($0) },
                texts.map { UnsafePointer($0) }, &data, &size)
        }
    }

    /// Writes the picture as a PNG file, whatever the suffix of `path`.
    ///
    /// The file is replaced at once when the new one is complete and on disk: readers, and a machine that loses power,
    /// see the old file or the new one and never a part.
    ///
    /// - Throws: `FileError` or `ImageError.libraryFailed`; the old file is then untouched.
    public func write(to path: String) throws {
        try withPNG(.standard, [:]) { save in
            try withEncoded(save) { bytes in try AtomicFile.write(to: path) { try $0.write(bytes) } }
        }
    }
}
