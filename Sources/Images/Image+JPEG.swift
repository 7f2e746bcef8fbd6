import CVips

extension Image {
    /// The picture, gray or RGB, as a JPEG file without metadata and with colors at full resolution.
    ///
    /// - Parameter quality: 1 to 100, libjpeg's scale; values beyond are taken as the nearest of these.
    /// - Throws: `ImageError.libraryFailed`.
    public func jpegData(quality: Int = 90) throws -> [UInt8] {
        try encoded { cvips_jpeg($0, Int32(min(max(quality, 1), 100)), &$1, &$2) }
    }
}
