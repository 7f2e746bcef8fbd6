import CVips

extension Image {
    /// The picture with its longer side at most `side` pixels long, averaged (Lanczos); itself if it is as small already.
    ///
    /// - Throws: `ImageError.libraryFailed`.
    public func thumbnail(side: Int) throws -> Image {
        let scale = Double(side) / Double(max(width, height))
        guard scale < 1 else { return self }
        let (newWidth, newHeight) = (
            max(1, Int((Double(width) * scale).rounded())), max(1, Int((Double(height) * scale).rounded()))
        )
        return try withVipsPicture { picture in
            let small = try picture.applying {
                cvips_reduce($0, &$1, Double(newWidth) / Double(width), Double(newHeight) / Double(height))
            }
            return try Image(
                width: small.width, height: small.height, channels: small.bands, pixels: small.samples())
        }
    }
}
