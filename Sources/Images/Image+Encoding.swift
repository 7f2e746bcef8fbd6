import CVips

extension Image {
    /// The file that a libvips saver makes of the picture in memory; the saver's buffer is released here.
    ///
    /// - Throws: `ImageError.libraryFailed`.
    func encoded(_ save: VipsSaver) throws -> [UInt8] {
        try withEncoded(save) { [UInt8]($0) }
    }

    /// A libvips saver, which gives the file's bytes and their number.
    typealias VipsSaver = (UnsafeMutablePointer<VipsImage>, inout UnsafeMutableRawPointer?, inout Int) -> Int32

    /// The same without a copy: calls `body` with the file's bytes, for the call only.
    func withEncoded<R>(_ save: VipsSaver, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        let file = try withVipsPicture { picture in
            var data: UnsafeMutableRawPointer?
            var size = 0
            guard picture.with({ save($0, &data, &size) }) == 0 else { throw VipsFailure() }
            return UnsafeMutableRawBufferPointer(start: data, count: size)
        }
        defer { g_free(file.baseAddress) }
        return try body(UnsafeRawBufferPointer(file))
    }

    /// Calls `body` with the picture in libvips' hands, for the call only.
    ///
    /// - Throws: `ImageError.libraryFailed` where libvips fails, and what else `body` throws.
    func withVipsPicture<Result>(_ body: (VipsPicture) throws -> Result) throws -> Result {
        try pixels.withUnsafeBytes { samples in
            try VipsLibrary.run { messages in
                do {
                    return try body(
                        VipsPicture { result in
                            result = vips_image_new_from_memory(
                                samples.baseAddress, samples.count, Int32(width), Int32(height), Int32(channels),
                                VIPS_FORMAT_UCHAR)
                            return result == nil ? -1 : 0
                        })
                } catch is VipsFailure {
                    throw ImageError.libraryFailed(detail: messages.take())
                }
            }
        }
    }
}
