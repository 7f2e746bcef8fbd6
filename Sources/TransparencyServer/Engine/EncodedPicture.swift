#if Service
import Foundation
import HTTPTypes
import Images

/// A picture's file as somebody sent it, in memory.
struct EncodedPicture: Sendable {
    let bytes: [UInt8]
    /// What errors call it.
    let name: String

    /// Its pixels by its header alone; checks the format, the number of pixels and the memory that they would take. Throws `ImageError`.
    func pixelCount(limit: Int) throws -> Int {
        let size = try reader(limit).readSize(data: bytes, name: name)
        return size.width * size.height
    }

    /// RGB, upright. Throws `ImageError`.
    func decoded(pixelLimit: Int) throws -> Image { try reader(pixelLimit).read(data: bytes, name: name) }

    private func reader(_ limit: Int) -> ImageReader {
        var reader = ImageReader(pixelLimit: limit)
        // The picture, its mask twice, and the largest result.
        reader.bytesPerPixel = 24
        return reader
    }
}

extension EncodedPicture {
    /// A picture in text: a `data:` URI, or base64 alone.
    ///
    /// - Throws: ``Problem`` for an address, for this service fetches nothing and opens no file, and for what is no base64.
    init(text: String, name: String) throws {
        var base64 = Substring(text)
        if text.prefix(5).lowercased() == "data:" {
            guard let comma = text.firstIndex(of: ","), text[..<comma].lowercased().hasSuffix(";base64") else {
                throw Problem(
                    .unprocessableContent,
                    "\(name) is a data URI without base64; write it as data:image/jpeg;base64,…")
            }
            base64 = text[text.index(after: comma)...]
        } else if let kind = Self.address(text) {
            throw Problem(
                .unprocessableContent,
                "\(name) is \(kind), and this service fetches no address and opens no file; send the picture itself, "
                    + "as base64 or as data:image/jpeg;base64,… (Docs/service.md)", code: "PICTURE_IS_ADDRESS")
        }
        guard let data = Data(base64Encoded: String(base64), options: .ignoreUnknownCharacters), !data.isEmpty else {
            throw Problem(
                .unprocessableContent, "\(name) is no base64; send the picture's file as base64 or as a data URI",
                code: "INVALID_IMAGE")
        }
        self.init(bytes: Array(data), name: name)
    }

    /// What kind of address a text is; nil for what may be base64.
    private static func address(_ text: String) -> String? {
        let start = text.prefix(200)
        if start.contains("://") { return "an address (\(start.prefix(60)))" }
        // Base64 has slashes too, but JPEG's begins with one and goes on for long.
        if text.utf8.count < 400,
            start.hasPrefix("/") || start.hasPrefix("./") || start.contains("?d=") || start.contains(".")
        {
            return "a path (\(start.prefix(60)))"
        }
        return nil
    }
}
#endif
