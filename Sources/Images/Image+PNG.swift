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
        try VipsLibrary.start()
        defer { vips_thread_shutdown() }
        return try pixels.withUnsafeBytes { samples in
            var data: UnsafeMutableRawPointer?
            var size = 0
            guard
                let picture = try? VipsPicture({ result in
                    result = vips_image_new_from_memory(
                        samples.baseAddress, samples.count, Int32(width), Int32(height), Int32(channels),
                        VIPS_FORMAT_UCHAR)
                    return result == nil ? -1 : 0
                }),
                picture.with({ cvips_png($0, Int32(compression.rawValue), &data, &size) }) == 0
            else {
                throw ImageError.libraryFailed(detail: VipsLibrary.takeMessage())
            }
            defer { g_free(data) }
            return [UInt8](UnsafeRawBufferPointer(start: data, count: size))
        }
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
