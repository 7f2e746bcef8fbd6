import Images

extension Image {
    /// The picture at another size, each pixel the source's at ⌊x · width / new width⌋, as OpenCV's `INTER_NEAREST` has it.
    public func resizedNearest(width newWidth: Int, height newHeight: Int) throws -> Image {
        let columns = (0..<newWidth).map { $0 * width / newWidth }
        var result: [UInt8] = []
        result.reserveCapacity(newWidth * newHeight * channels)
        for y in 0..<newHeight {
            let row = y * height / newHeight * width
            for column in columns {
                for channel in 0..<channels { result.append(pixels[(row + column) * channels + channel]) }
            }
        }
        return try Image(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }
}
