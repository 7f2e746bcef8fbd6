import AtomicFile
import CVips

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
    /// The picture as a PNG file with 8 bits per sample and no metadata: grey, RGB or RGBA.
    ///
    /// - Throws: `ImageError.libraryFailed`.
    public func pngData(compression: PNGCompression = .standard) throws -> [UInt8] {
        try encoded { cvips_png($0, Int32(compression.rawValue), &$1, &$2) }
    }

    /// Writes the picture as a PNG file, whatever the suffix of `path`.
    ///
    /// The file is replaced at once when the new one is complete and on disk: readers, and a machine that loses power,
    /// see the old file or the new one and never a part.
    ///
    /// - Throws: `AtomicFileError` or `ImageError.libraryFailed`; the old file is then untouched.
    public func write(to path: String) throws {
        try AtomicFile.write(pngData(), to: path)
    }
}
