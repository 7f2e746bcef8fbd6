extension Image {
    /// The picture at another size, each pixel the source's at ⌊x · width / new width⌋, as OpenCV's `INTER_NEAREST` has it.
    ///
    /// - Throws: `ImageError.invalidPixels` when a side is below 1.
    public func resizedNearest(width newWidth: Int, height newHeight: Int) throws -> Image {
        if (newWidth, newHeight) == (width, height) { return self }
        let columns = nearestPositions(from: width, to: newWidth)
        let rows = nearestPositions(from: height, to: newHeight)
        let count = columns.count * rows.count * channels
        let result = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            pixels.withUnsafeBufferPointer { source in
                var position = 0
                for row in rows {
                    for column in columns {
                        let start = (row * width + column) * channels
                        for channel in 0..<channels { target[position + channel] = source[start + channel] }
                        position += channels
                    }
                }
            }
            initialized = count
        }
        return try Image(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }

    /// The picture at another size by bilinear interpolation between pixel centers, without antialiasing, as OpenCV's
    /// `INTER_LINEAR` for eight bits has it.
    ///
    /// - Throws: `ImageError.invalidPixels` when a side is below 1.
    public func resizedBilinear(width newWidth: Int, height newHeight: Int) throws -> Image {
        if (newWidth, newHeight) == (width, height) { return self }
        return try interpolated(
            columns: BilinearTap.columns(from: width, to: newWidth), rows: BilinearTap.rows(from: height, to: newHeight)
        )
    }

    /// The picture whose pixels are blends of this one's.
    package func interpolated(columns: [BilinearTap], rows: [BilinearTap]) throws -> Image {
        let count = columns.count * rows.count * channels
        let result = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            pixels.withUnsafeBufferPointer { source in
                var position = 0
                for row in rows {
                    let (upper, lower) = (row.first * width * channels, row.second * width * channels)
                    let (upperWeight, lowerWeight) = (BilinearTap.one - row.weight, row.weight)
                    for column in columns {
                        let (left, right) = (column.first * channels, column.second * channels)
                        let (leftWeight, rightWeight) = (BilinearTap.one - column.weight, column.weight)
                        for channel in 0..<channels {
                            let above =
                                Int32(source[upper + left + channel]) * leftWeight
                                + Int32(source[upper + right + channel]) * rightWeight
                            let below =
                                Int32(source[lower + left + channel]) * leftWeight
                                + Int32(source[lower + right + channel]) * rightWeight
                            let sum = ((upperWeight * (above >> 4)) >> 16) + ((lowerWeight * (below >> 4)) >> 16)
                            target[position + channel] = UInt8(truncatingIfNeeded: (sum + 2) >> 2)
                        }
                        position += channels
                    }
                }
            }
            initialized = count
        }
        return try Image(width: columns.count, height: rows.count, channels: channels, pixels: result)
    }
}

/// For each new position that of the source.
package func nearestPositions(from source: Int, to target: Int) -> [Int] {
    // In OpenCV's arithmetic: its quotient is rounded before it is multiplied.
    let step = 1 / (Double(target) / Double(source))
    return (0..<max(target, 0)).map { min(Int((Double($0) * step).rounded(.down)), source - 1) }
}

/// The two source positions that a new one lies between, along one axis.
package struct BilinearTap: Equatable {
    package var first: Int
    package var second: Int
    /// The second one's weight of ``one``.
    package let weight: Int32

    package static let one: Int32 = 2048

    package init(first: Int, second: Int, weight: Int32) {
        (self.first, self.second, self.weight) = (first, second, weight)
    }

    /// Of columns: beyond the outermost pixel's center there is nothing to blend.
    package static func columns(from source: Int, to target: Int) -> [BilinearTap] {
        rows(from: source, to: target).map {
            $0.first == $0.second ? BilinearTap(first: $0.first, second: $0.second, weight: 0) : $0
        }
    }

    /// Of rows: OpenCV blends an outermost one with itself there, which rounds otherwise.
    package static func rows(from source: Int, to target: Int) -> [BilinearTap] {
        guard source != target else {
            return (0..<source).map { BilinearTap(first: $0, second: $0, weight: 0) }
        }
        let step = Double(source) / Double(target)
        return (0..<max(target, 0)).map { position in
            let place = Float((Double(position) + 0.5) * step - 0.5)
            let below = place.rounded(.down)
            let weight = ((place - below) * Float(one)).rounded(.toNearestOrEven)
            let (first, second) = (Int(below), Int(below) + 1)
            return BilinearTap(
                first: min(max(first, 0), source - 1), second: min(max(second, 0), source - 1), weight: Int32(weight))
        }
    }
}
