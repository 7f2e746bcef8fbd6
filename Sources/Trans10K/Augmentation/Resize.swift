import Images

extension Image {
    /// The picture at another size, each pixel the source's at ⌊x · width / new width⌋, as OpenCV's `INTER_NEAREST` has it.
    ///
    /// - Throws: `ImageError.invalidPixels` when a side is below 1.
    public func resizedNearest(width newWidth: Int, height newHeight: Int) throws -> Image {
        if (newWidth, newHeight) == (width, height) { return self }
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

    /// The picture at another size by bilinear interpolation between pixel centres, without antialiasing, as OpenCV's
    /// `INTER_LINEAR` for 8 bits has it: weights are multiples of 1/2048.
    ///
    /// - Throws: `ImageError.invalidPixels` when a side is below 1.
    public func resizedBilinear(width newWidth: Int, height newHeight: Int) throws -> Image {
        if (newWidth, newHeight) == (width, height) { return self }
        let columns = Self.taps(from: width, to: newWidth)
        let rows = Self.taps(from: height, to: newHeight)
        var result: [UInt8] = []
        result.reserveCapacity(newWidth * newHeight * channels)
        for row in rows {
            for column in columns {
                for channel in 0..<channels {
                    func blend(_ y: Int) -> Int {
                        Int(pixels[(y * width + column.first) * channels + channel]) * (2048 - column.weight)
                            + Int(pixels[(y * width + column.second) * channels + channel]) * column.weight
                    }
                    let upper = (2048 - row.weight) * (blend(row.first) >> 4) >> 16
                    let lower = row.weight * (blend(row.second) >> 4) >> 16
                    result.append(UInt8((upper + lower + 2) >> 2))
                }
            }
        }
        return try Image(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }

    /// For each position the two source positions, and the second one's weight of 2048.
    private static func taps(from source: Int, to target: Int) -> [(first: Int, second: Int, weight: Int)] {
        (0..<target).map { position in
            let place = max(0, (Double(position) + 0.5) * Double(source) / Double(target) - 0.5)
            let first = min(Int(place), source - 1)
            let weight = first == source - 1 ? 0 : Float(place) - Float(first)
            return (first, min(first + 1, source - 1), Int((weight * 2048).rounded(.toNearestOrEven)))
        }
    }
}
