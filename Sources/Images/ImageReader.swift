import CVips
import Files
import Foundation

/// Reads photographs as people see them: upright, sRGB, RGB with 8 bits.
///
/// ```swift
/// let image = try ImageReader().read(contentsOf: "photo.heic")
/// ```
///
/// What is done to a picture, in this order:
///
/// - The format is recognised by content. JPEG, PNG, WebP, TIFF and HEIC/AVIF are read, the first picture of a file
///   with several. A file that ends early is an error; a mere warning of a decoder is not.
/// - The pixel limit is checked on the header, before any pixel is decoded.
/// - 16-bit samples become 8-bit ones by their high byte.
/// - Colors are converted from the embedded ICC profile to sRGB, relative colorimetric with black point
///   compensation: colors that sRGB has stay as they are. A profile that moves no color by more than a rounding
///   step (such as sRGB itself), does not fit the samples or is broken is ignored. CMYK without a profile is
///   taken to be libvips' standard printing CMYK. Grey becomes RGB.
/// - Transparency is laid over `background`; opaque pixels keep their values exactly.
/// - The picture is turned upright by its EXIF orientation.
///
/// A JPEG or PNG without profile, alpha and orientation gives the bytes of Pillow's `Image.open(...).convert("RGB")`
/// (the decoders have the same libjpeg-turbo defaults). Values of this type may be used from several threads at once.
public struct ImageReader: Sendable {
    /// 178,956,970 pixels, where Pillow refuses by default (twice its warning level).
    public static let defaultPixelLimit = 178_956_970

    /// Most pixels (width times height) that are decoded.
    public var pixelLimit: Int

    /// The sRGB color under transparent parts.
    public var background: (UInt8, UInt8, UInt8)

    /// Makes a reader.
    ///
    /// White is the default background since cut-out pictures are nearly always shown, and made, on white.
    public init(
        pixelLimit: Int = ImageReader.defaultPixelLimit, background: (UInt8, UInt8, UInt8) = (255, 255, 255)
    ) {
        self.pixelLimit = pixelLimit
        self.background = background
    }

    /// The picture in a file, always with 3 channels.
    ///
    /// Holds the result and little more in memory, but twice that for a picture that must be turned, and the whole
    /// file or picture where the format asks for it (interlaced PNG, progressive JPEG, WebP, HEIC).
    ///
    /// - Throws: `ImageError`, every case but the writing ones.
    public func read(contentsOf path: String) throws -> Image {
        try read(contentsOf: path, .photograph(isTurned: true)).image
    }

    /// As `read(contentsOf:)`, but with rows and columns as they are stored, and what would turn them upright.
    ///
    /// - Throws: `ImageError`.
    public func readAsStored(contentsOf path: String) throws -> (image: Image, orientation: Orientation) {
        try read(contentsOf: path, .photograph(isTurned: false))
    }

    /// The samples as they stand in the file, for masks, whose values have meanings: 1 channel or 3, a palette
    /// resolved, alpha and profile left out, not turned.
    ///
    /// - Throws: `ImageError`; CMYK is refused.
    public func readValues(contentsOf path: String) throws -> Image {
        try read(contentsOf: path, .values).image
    }

    private func read(
        contentsOf path: String, _ content: ImageDecoder.Content
    ) throws -> (image: Image, orientation: Orientation) {
        try VipsLibrary.start()
        let descriptor = try descriptor(of: path)
        defer { close(descriptor) }
        return try withSource(vips_source_new_from_descriptor(descriptor)) {
            try ImageDecoder(reader: self, name: path).decode($0, content)
        }
    }

    /// The sides of the picture as it is stored, and what would turn it upright, from the file's head alone.
    ///
    /// - Throws: `ImageError`, but not what only the pixels show.
    package func readSize(contentsOf path: String) throws -> (width: Int, height: Int, orientation: Orientation) {
        try VipsLibrary.start()
        let descriptor = try descriptor(of: path)
        defer { close(descriptor) }
        return try withSource(vips_source_new_from_descriptor(descriptor)) {
            try ImageDecoder(reader: self, name: path).size(of: $0)
        }
    }

    private func descriptor(of path: String) throws -> Int32 {
        do {
            return try PlainFile.descriptor(of: path)
        } catch let error as FileReadError {
            if FileName.isForeign(path) { throw ImageError.unreadable(name: path, reason: FileName.foreignReason) }
            switch error.code {
            case ENOENT: throw ImageError.notFound(name: path)
            case EISDIR: throw ImageError.isFolder(name: path)
            default: throw ImageError.unreadable(name: path, reason: error.reason)
            }
        }
    }

    /// The picture in the bytes of a file, always with 3 channels; `name` stands for them in errors.
    ///
    /// - Throws: `ImageError`, as `read(contentsOf:)`.
    public func read(data: [UInt8], name: String) throws -> Image {
        try VipsLibrary.start()
        // An empty array has no address to give to libvips.
        guard !data.isEmpty else { throw ImageError.empty(name: name) }
        return try data.withUnsafeBytes { bytes in
            try withSource(vips_source_new_from_memory(bytes.baseAddress, bytes.count)) {
                try ImageDecoder(reader: self, name: name).decode($0, .photograph(isTurned: true)).image
            }
        }
    }

    /// Whether the suffix of a file name is that of a format which this machine reads, in upper or lower case.
    ///
    /// For choosing files in a folder: reading itself goes by content.
    public static func isSupported(fileName: String) -> Bool {
        let suffix = (fileName as NSString).pathExtension.lowercased()
        return ImageFormat.allCases.contains { $0.suffixes.contains(suffix) && $0.isAvailable }
    }

    /// The formats that this machine reads, such as "JPEG" and "HEIC/AVIF"; none when libvips does not start.
    public static var formats: [String] {
        ImageFormat.allCases.filter(\.isAvailable).map(\.rawValue)
    }

    /// Reads from a source of libvips, which is released.
    private func withSource<R>(
        _ source: UnsafeMutablePointer<VipsSource>?, _ body: (UnsafeMutablePointer<VipsSource>) throws -> R
    ) throws -> R {
        guard let source else { throw ImageError.libraryFailed(detail: VipsLibrary.takeMessage()) }
        defer {
            g_object_unref(source)
            // libvips keeps buffers for each thread that used it; the caller's threads are not its own to clean up.
            vips_thread_shutdown()
            // Warnings leave text behind that would be shown with some later error.
            vips_error_clear()
        }
        return try body(source)
    }
}
