public import Images

extension AugmentationParameters {
    /// The augmented picture and its mask at the size of training.
    ///
    /// Everything is done on the eight-bit samples at the picture's own resolution, then the picture is resized bilinearly without
    /// antialiasing and the mask by nearest neighbors, as albumentations 2.0.8 does it with the same parameters. What resizing does not
    /// look at is not worked out; the result is the same.
    ///
    /// - Parameters:
    ///   - picture: RGB.
    ///   - mask: Of the same size, one channel; only flipped and resized.
    /// - Throws: ``AugmentationError`` when the two do not fit together or a parameter makes no sense,
    ///   `ImageError.invalidPixels` when a side is below 1.
    public func apply(
        to picture: Image, mask: Image, width: Int, height: Int
    ) throws -> (picture: Image, mask: Image) {
        guard picture.channels == 3, mask.channels == 1, (picture.width, picture.height) == (mask.width, mask.height)
        else {
            throw AugmentationError.noPair(
                picture: "\(picture.width) x \(picture.height) x \(picture.channels)",
                mask: "\(mask.width) x \(mask.height) x \(mask.channels)")
        }
        try check()
        let upright = isFlipped ? mask.turned(from: .topRight) : mask
        return (
            try apply(to: picture, width: width, height: height),
            try upright.resizedNearest(width: width, height: height)
        )
    }

    private func apply(to picture: Image, width: Int, height: Int) throws -> Image {
        var image = isFlipped ? picture.turned(from: .topRight) : picture
        if jitter == nil, blur == nil, noise == nil { return try image.resizedBilinear(width: width, height: height) }
        let grid = SampledGrid(width: image.width, height: image.height, newWidth: width, newHeight: height)
        let steps = jitter.map { JitterSteps($0) { steps in image.meanGray(after: steps) } }
        var samples: [UInt8]
        if let blur {
            // A blur looks at neighbors, so all of the picture takes part.
            if let steps { image = try image.changed(by: steps) }
            samples = image.pixels.withUnsafeBufferPointer { source in
                guard let start = source.baseAddress else { return [] }
                return BlurredGrid(source: start, width: image.width, height: image.height, grid: grid).blurred(
                    by: blur)
            }
        } else {
            samples = image.samples(at: grid)
            let remainder = HSV.remainder(ofWidth: image.width)
            steps?.apply(
                to: &samples, width: grid.columns.count, remainder: grid.columns.count { $0 < remainder })
        }
        noise?.apply(to: &samples, grid: grid, width: image.width)
        let sampled = try Image(width: grid.columns.count, height: grid.rows.count, channels: 3, pixels: samples)
        return try sampled.interpolated(columns: grid.columnTaps, rows: grid.rowTaps)
    }
}

extension JitterSteps {
    /// Changes rows of `width` pixels in place.
    fileprivate func apply(to samples: inout [UInt8], width: Int, remainder: Int) {
        samples.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            for row in stride(from: 0, to: buffer.count, by: 3 * width) {
                apply(to: start + row, pixelCount: width, remainder: remainder)
            }
        }
    }
}

extension Image {
    /// The mean gray value that the picture has after some steps of color jitter.
    fileprivate func meanGray(after steps: JitterSteps) -> Double {
        var sum = 0
        var row = [UInt8](repeating: 0, count: 3 * width)
        for y in 0..<height {
            row.withUnsafeMutableBufferPointer { row in
                pixels.withUnsafeBufferPointer { source in
                    guard let start = row.baseAddress, let from = source.baseAddress else { return }
                    start.update(from: from + 3 * width * y, count: 3 * width)
                    steps.apply(to: start, pixelCount: width, remainder: HSV.remainder(ofWidth: width))
                    for x in 0..<width { sum += JitterSteps.gray(start + 3 * x) }
                }
            }
        }
        return Double(sum) / Double(width * height)
    }

    fileprivate func changed(by steps: JitterSteps) throws -> Image {
        var samples = pixels
        steps.apply(to: &samples, width: width, remainder: HSV.remainder(ofWidth: width))
        return try Image(width: width, height: height, channels: 3, pixels: samples)
    }

    fileprivate func samples(at grid: SampledGrid) -> [UInt8] {
        let count = 3 * grid.columns.count * grid.rows.count
        return [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            pixels.withUnsafeBufferPointer { source in
                var position = 0
                for y in grid.rows {
                    for x in grid.columns {
                        let start = 3 * (y * width + x)
                        for channel in 0..<3 { target[position + channel] = source[start + channel] }
                        position += 3
                    }
                }
            }
            initialized = count
        }
    }
}
