import CVips

extension Image {
    /// The file that a libvips saver makes of the picture in memory; the saver's buffer is released here.
    ///
    /// - Throws: `ImageError.libraryFailed`.
    func encoded(
        _ save: (UnsafeMutablePointer<VipsImage>, inout UnsafeMutableRawPointer?, inout Int) -> Int32
    ) throws -> [UInt8] {
        try withVipsPicture { picture in
            var data: UnsafeMutableRawPointer?
            var size = 0
            guard picture.with({ save($0, &data, &size) }) == 0 else { throw VipsFailure() }
            defer { g_free(data) }
            return [UInt8](UnsafeRawBufferPointer(start: data, count: size))
        }
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
