import Images

/// One channel of real numbers, rows from top to bottom.
struct Plane {
    let width: Int
    let height: Int
    var values: [Float]

    init(width: Int, height: Int, values: [Float]) {
        (self.width, self.height, self.values) = (width, height, values)
    }

    /// A picture's brightness, mean over areas, with the longer side at most `side`.
    init(reducing picture: Image, side: Int) {
        let scale = min(1, Double(side) / Double(max(picture.width, picture.height)))
        let width = max(1, Int((Double(picture.width) * scale).rounded()))
        let height = max(1, Int((Double(picture.height) * scale).rounded()))
        var sums = [Int](repeating: 0, count: width * height)
        var counts = [Int](repeating: 0, count: width * height)
        let columns = (0..<picture.width).map { $0 * width / picture.width }
        let channels = picture.channels
        picture.pixels.withUnsafeBufferPointer { samples in
            for y in 0..<picture.height {
                let row = y * height / picture.height * width
                for x in 0..<picture.width {
                    let position = (y * picture.width + x) * channels
                    // ITU-R BT.601.
                    let brightness =
                        channels == 1
                        ? 1000 * Int(samples[position])
                        : 299 * Int(samples[position]) + 587 * Int(samples[position + 1])
                            + 114 * Int(samples[position + 2])
                    sums[row + columns[x]] += brightness
                    counts[row + columns[x]] += 1
                }
            }
        }
        self.init(width: width, height: height, values: zip(sums, counts).map { Float($0) / Float(1000 * $1) })
    }

    /// 1 where a mask's nearest pixel is glass of any class, else 0.
    init(nearest mask: Image, width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        values = (0..<height).flatMap { y in
            let row = (2 * y + 1) * mask.height / (2 * height) * mask.width
            return (0..<width).map { x -> Float in
                mask.pixels[row + (2 * x + 1) * mask.width / (2 * width)] > 0 ? 1 : 0
            }
        }
    }

    /// Means with weights 1, 2, 1 along rows and columns; the border's pixels count for what is beyond it.
    func blurred() -> Plane {
        var rows = values
        for y in 0..<height {
            for x in 0..<width {
                let row = y * width
                rows[row + x] =
                    (values[row + max(x - 1, 0)] + 2 * values[row + x] + values[row + min(x + 1, width - 1)]) / 4
            }
        }
        var result = self
        for y in 0..<height {
            for x in 0..<width {
                let (above, below) = (max(y - 1, 0) * width, min(y + 1, height - 1) * width)
                result.values[y * width + x] = (rows[above + x] + 2 * rows[y * width + x] + rows[below + x]) / 4
            }
        }
        return result
    }

    /// Central differences along rows and columns, 0 at the border.
    func gradients() -> (horizontal: [Float], vertical: [Float]) {
        var horizontal = [Float](repeating: 0, count: values.count)
        var vertical = horizontal
        for y in 0..<height {
            for x in 0..<width {
                let index = y * width + x
                if x > 0, x + 1 < width { horizontal[index] = values[index + 1] - values[index - 1] }
                if y > 0, y + 1 < height { vertical[index] = values[index + width] - values[index - width] }
            }
        }
        return (horizontal, vertical)
    }
}
