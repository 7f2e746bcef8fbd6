extension Image {
    /// The rectangle of the picture that begins at (x, y); it must lie within the picture.
    package func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> Image {
        precondition(x >= 0 && y >= 0 && newWidth > 0 && newHeight > 0, "a rectangle has pixels")
        precondition(x + newWidth <= width && y + newHeight <= height, "the rectangle lies within the picture")
        var cropped: [UInt8] = []
        cropped.reserveCapacity(newWidth * newHeight * channels)
        for row in y..<y + newHeight {
            let start = (row * width + x) * channels
            cropped.append(contentsOf: pixels[start..<start + newWidth * channels])
        }
        return Image(uncheckedWidth: newWidth, height: newHeight, channels: channels, pixels: cropped)
    }

    /// The picture as a mirror shows it, left and right exchanged.
    package func mirrored() -> Image {
        let mirrored = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, initialized in
            for row in 0..<height {
                for column in 0..<width {
                    let (from, to) = ((row * width + column) * channels, (row * width + width - 1 - column) * channels)
                    for channel in 0..<channels { buffer[to + channel] = pixels[from + channel] }
                }
            }
            initialized = pixels.count
        }
        return Image(uncheckedWidth: width, height: height, channels: channels, pixels: mirrored)
    }
}
