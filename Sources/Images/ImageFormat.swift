import CVips

/// A file format that is read, recognized by its first bytes.
///
/// Recognizing formats here rather than by libvips keeps its other loaders (SVG, PDF, CSV, matrices, ...) out of reach
/// of any file.
enum ImageFormat: String, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"
    case tiff = "TIFF"
    case heic = "HEIC/AVIF"

    /// As many bytes as recognition and the description of foreign content look at.
    static let prefixSize = 64

    /// The format that content beginning with `prefix` claims to have, or nil.
    init?(prefix: [UInt8]) {
        if prefix.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if prefix.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if prefix.starts(with: "RIFF".utf8), prefix.dropFirst(8).starts(with: "WEBP".utf8) {
            self = .webp
        } else if ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains(where: { prefix.starts(with: $0.utf8) }) {
            self = .tiff  // The last two are BigTIFF.
        } else if prefix.dropFirst(4).starts(with: "ftyp".utf8),
            Self.heicBrands.contains(String(decoding: prefix.dropFirst(8).prefix(4), as: UTF8.self))
        {
            self = .heic
        } else {
            return nil
        }
    }

    /// Major brands of still pictures and picture sequences in the HEIF container (ISO/IEC 23008-12, AV1 image format).
    /// Films (isom, mp42, qt) share the container and are not among them.
    private static let heicBrands: Set = [
        "heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs", "mif1", "msf1", "avif", "avis",
    ]

    /// libvips' name of the loader.
    var loader: String {
        switch self {
        case .jpeg: "jpegload_source"
        case .png: "pngload_source"
        case .webp: "webpload_source"
        case .tiff: "tiffload_source"
        case .heic: "heifload_source"
        }
    }

    /// Usual file suffixes, in lower case.
    var suffixes: [String] {
        switch self {
        case .jpeg: ["jpg", "jpeg", "jpe", "jfif"]
        case .png: ["png"]
        case .webp: ["webp"]
        case .tiff: ["tif", "tiff"]
        case .heic: ["heic", "heif", "avif"]
        }
    }

    /// Whether the libvips of this machine has the loader; false when libvips does not start.
    var isAvailable: Bool {
        (try? VipsLibrary.start()) != nil && cvips_has_loader(loader) != 0
    }

    /// What content beginning with `prefix`, which is of none of the formats, looks like.
    static func describeForeign(prefix: [UInt8]) -> String {
        let known: [(signature: String, name: String)] = [
            ("GIF8", "a GIF image"), ("BM", "a BMP image"), ("%PDF", "a PDF document"), ("<svg", "an SVG drawing"),
            ("<?xml", "an XML document"), ("\0\0\0\u{0C}JXL ", "a JPEG XL image"),
            ("\0\0\0\u{0C}jP  ", "a JPEG 2000 image"), ("8BPS", "a Photoshop document"),
            ("PK\u{3}\u{4}", "a ZIP archive"), ("#?RADIANCE", "a Radiance HDR image"), ("\0\0\u{1}\0", "an icon"),
            ("IIRO", "a camera's raw data"), ("IIRS", "a camera's raw data"),
            ("IIU\0", "a camera's raw data"), ("FUJIFILMCCD-RAW", "a camera's raw data"),
            ("MMOR", "a camera's raw data"), ("\0MRM", "a camera's raw data"), ("FOVb", "a camera's raw data"),
        ]
        if let match = known.first(where: { prefix.starts(with: $0.signature.utf8) }) { return match.name }
        if prefix.dropFirst(4).starts(with: "ftypcrx ".utf8) { return "a camera's raw data" }
        if prefix.dropFirst(4).starts(with: "ftyp".utf8) { return "a video" }
        let binary: [(signature: [UInt8], name: String)] = [
            ([0x1F, 0x8B], "gzip-compressed data"), ([0x28, 0xB5, 0x2F, 0xFD], "Zstandard-compressed data"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz-compressed data"), ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
            ([0x89] + Array("HDF".utf8), "HDF5 data"), ([0xFF, 0x0A], "a JPEG XL image"),
            ([0xFF, 0x4F, 0xFF, 0x51], "a JPEG 2000 image"), ([0x76, 0x2F, 0x31, 0x01], "an OpenEXR image"),
            ([0x1A, 0x45, 0xDF, 0xA3], "a video"),
        ]
        if let match = binary.first(where: { prefix.starts(with: $0.signature) }) { return match.name }
        if prefix.allSatisfy({ $0 == 0 }) { return "zeros alone" }
        let prefix = prefix.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(prefix.dropFirst(3)) : prefix
        if prefix.allSatisfy({ (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) }) { return "text" }
        let bytes = prefix.prefix(4).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return "unknown data (first bytes \(bytes.joined(separator: " ")))"
    }
}
