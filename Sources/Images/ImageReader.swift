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
/// - The format is recognized by content. JPEG, PNG, WebP, TIFF and HEIC/AVIF are read, the first picture of a file
///   with several. A file that ends early is an error; a mere warning of a decoder is not.
/// - The pixel limit is checked on the header, before any pixel is decoded.
/// - 16-bit samples become 8-bit ones by their high byte.
/// - Colors are converted from the embedded ICC profile to sRGB, relative colorimetric with black point
///   compensation: colors that sRGB has stay as they are. A profile that moves no color by more than a rounding
///   step (such as sRGB itself), does not fit the samples or is broken is ignored. CMYK without a profile is
///   taken to be libvips' standard printing CMYK. Gray becomes RGB. PQ and HLG (HEIC, AVIF, PNG) become sRGB with white at
///   203 cd/m². A PNG's gAMA chunk is passed over, as Pillow does.
/// - Transparency is laid over `background`; opaque pixels keep their values exactly.
/// - The picture is turned upright by its EXIF orientation.
///
/// A JPEG or PNG without profile, alpha and orientation gives the bytes of Pillow's `Image.open(...).convert("RGB")`
/// (the decoders have the same libjpeg-turbo defaults). Values of this type may be used from several threads at once.
public struct ImageReader: Sendable {
    /// 268,435,456 pixels, 16,384 to a side: the largest photographs of telephones have 200 million.
    public static let defaultPixelLimit = 1 << 28

    /// Most pixels (width times height) that are decoded.
    public var pixelLimit: Int

    /// Bytes of memory that a pixel takes until all is done with the picture; where so many are not free, it is refused by its header.
    package var bytesPerPixel = ImageReader.decodingBytesPerPixel

    /// Bytes of a pixel while a picture is decoded: 3 of the result, and as many as twice that of a decoder that needs all of it at once,
    /// and of turning it.
    package static let decodingBytesPerPixel = 9

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

    /// The samples as they stand in the file with all that tells what they mean.
    ///
    /// - Throws: `ImageError`; CMYK is refused.
    package func readStored(contentsOf path: String) throws -> StoredSamples {
        try withSource(path) { try $0.storedSamples($1) }
    }

    private func read(
        contentsOf path: String, _ content: ImageDecoder.Content
    ) throws -> (image: Image, orientation: Orientation) {
        try withSource(path) { try $0.decode($1, content) }
    }

    /// The sides of the picture as it is stored, and what would turn it upright, from the file's head alone.
    ///
    /// - Throws: `ImageError`, but not what only the pixels show.
    package func readSize(contentsOf path: String) throws -> (width: Int, height: Int, orientation: Orientation) {
        try withSource(path) { try $0.size(of: $1) }
    }

    /// Opens a file for a decoder.
    private func withSource<Result>(
        _ path: String, _ body: (ImageDecoder, UnsafeMutablePointer<VipsSource>) throws -> Result
    ) throws -> Result {
        let descriptor = try descriptor(of: path)
        defer { close(descriptor) }
        // A pipe gives its bytes once.
        return try decode(
            name: path, isRepeatable: lseek(descriptor, 0, SEEK_CUR) >= 0,
            source: {
                lseek(descriptor, 0, SEEK_SET)
                return vips_source_new_from_descriptor(descriptor)
            }, body)
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
        // An empty array has no address to give to libvips.
        guard !data.isEmpty else { throw ImageError.empty(name: name) }
        return try data.withUnsafeBytes { bytes in
            try decode(
                name: name, source: { vips_source_new_from_memory(bytes.baseAddress, bytes.count) },
                { try $0.decode($1, .photograph(isTurned: true)).image })
        }
    }

    /// As `readSize(contentsOf:)`, of the bytes of a file; `name` stands for them in errors.
    ///
    /// - Throws: `ImageError`, but not what only the pixels show.
    package func readSize(
        data: [UInt8], name: String
    ) throws -> (width: Int, height: Int, orientation: Orientation) {
        guard !data.isEmpty else { throw ImageError.empty(name: name) }
        return try data.withUnsafeBytes { bytes in
            try decode(
                name: name, source: { vips_source_new_from_memory(bytes.baseAddress, bytes.count) },
                { try $0.size(of: $1) })
        }
    }

    /// How many pixels the header of a file tells of; 0 of what is no file or no picture, for reading it tells better why.
    package static func pixelCount(ofFile path: String) -> Int {
        // Whoever asks waits for memory that others still hold.
        var reader = ImageReader()
        reader.bytesPerPixel = 0
        // A pipe's bytes come once.
        guard PlainFile.exists(path), let size = try? reader.readSize(contentsOf: path) else { return 0 }
        return size.width * size.height
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

    /// Reads from a source of libvips, which `makeSource` makes anew for each try.
    private func decode<Result>(
        name: String, isRepeatable: Bool = true, source makeSource: () -> UnsafeMutablePointer<VipsSource>?,
        _ body: (ImageDecoder, UnsafeMutablePointer<VipsSource>) throws -> Result
    ) throws -> Result {
        try VipsLibrary.run(isRepeatable: isRepeatable) { messages in
            guard let source = makeSource() else { throw ImageError.libraryFailed(detail: messages.take()) }
            defer { g_object_unref(source) }
            return try body(ImageDecoder(reader: self, name: name, messages: messages), source)
        }
    }
}
