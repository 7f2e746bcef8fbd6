/// Blurs an RGB picture at the pixels of a grid, as `filter2D` and `sepFilter2D` of OpenCV do it for eight bits with reflection at
/// the border.
struct BlurredGrid {
    let source: UnsafePointer<UInt8>
    let width: Int
    let height: Int
    let grid: SampledGrid

    private var sampleCount: Int { grid.columns.count * grid.rows.count * 3 }

    func blurred(by blur: Blur) -> [UInt8] {
        switch blur {
        case .motion(let motion): blurred(along: motion.offsets())
        case .gaussian(let gaussian): blurred(by: gaussian.kernel())
        }
    }

    /// The mean over the pixels at `offsets`.
    private func blurred(along offsets: [(x: Int, y: Int)]) -> [UInt8] {
        let columnCount = grid.columns.count
        // For each offset the samples' places in a row.
        let places = offsets.map { offset in grid.columns.map { Int32(3 * reflected($0 + offset.x, width)) } }
        let scale = 1 / Float(offsets.count)
        return [UInt8](unsafeUninitializedCapacity: sampleCount) { target, initialized in
            var sums = [Int32](repeating: 0, count: 3 * columnCount)
            sums.withUnsafeMutableBufferPointer { sums in
                for (position, y) in grid.rows.enumerated() {
                    sums.update(repeating: 0)
                    for (index, offset) in offsets.enumerated() {
                        let row = source + reflected(y + offset.y, height) * width * 3
                        places[index].withUnsafeBufferPointer { places in
                            for column in 0..<columnCount {
                                let pixel = row + Int(places[column])
                                sums[3 * column] += Int32(pixel[0])
                                sums[3 * column + 1] += Int32(pixel[1])
                                sums[3 * column + 2] += Int32(pixel[2])
                            }
                        }
                    }
                    let start = position * 3 * columnCount
                    for index in 0..<3 * columnCount {
                        target[start + index] = UInt8((Float(sums[index]) * scale).rounded(.toNearestOrEven))
                    }
                }
            }
            initialized = sampleCount
        }
    }

    /// By the same kernel along rows and then columns.
    private func blurred(by kernel: [Float]) -> [UInt8] {
        let (reach, rowLength) = (kernel.count / 2, 3 * grid.columns.count)
        let needed = Set(grid.rows.flatMap { y in (y - reach...y + reach).map { reflected($0, height) } })
        var places = [Int](repeating: -1, count: height)
        for (place, y) in needed.sorted().enumerated() { places[y] = place }
        let along = alongRows(needed.sorted(), kernel)
        return [UInt8](unsafeUninitializedCapacity: sampleCount) { target, initialized in
            var sums = [Float](repeating: 0, count: rowLength)
            along.withUnsafeBufferPointer { along in
                sums.withUnsafeMutableBufferPointer { sums in
                    for (position, y) in grid.rows.enumerated() {
                        sums.update(repeating: 0)
                        for (tap, weight) in kernel.enumerated() {
                            let start = places[reflected(y + tap - reach, height)] * rowLength
                            for index in 0..<rowLength { sums[index] += along[start + index] * weight }
                        }
                        for index in 0..<rowLength {
                            let rounded = min(max(sums[index].rounded(.toNearestOrEven), 0), 255)
                            target[position * rowLength + index] = UInt8(rounded)
                        }
                    }
                }
            }
            initialized = sampleCount
        }
    }

    /// The given rows, blurred along themselves at the grid's columns.
    private func alongRows(_ rows: [Int], _ kernel: [Float]) -> [Float] {
        let (reach, rowLength) = (kernel.count / 2, 3 * grid.columns.count)
        let left = grid.columns.map { reach <= $0 && $0 + reach < width }
        return [Float](unsafeUninitializedCapacity: rows.count * rowLength) { target, initialized in
            kernel.withUnsafeBufferPointer { kernel in
                for (position, y) in rows.enumerated() {
                    let row = source + y * width * 3
                    for (index, x) in grid.columns.enumerated() {
                        var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
                        if left[index] {
                            var pixel = row + 3 * (x - reach)
                            for weight in kernel {
                                red += Float(pixel[0]) * weight
                                green += Float(pixel[1]) * weight
                                blue += Float(pixel[2]) * weight
                                pixel += 3
                            }
                        } else {
                            for (tap, weight) in kernel.enumerated() {
                                let pixel = row + 3 * reflected(x + tap - reach, width)
                                red += Float(pixel[0]) * weight
                                green += Float(pixel[1]) * weight
                                blue += Float(pixel[2]) * weight
                            }
                        }
                        let start = position * rowLength + 3 * index
                        (target[start], target[start + 1], target[start + 2]) = (red, green, blue)
                    }
                }
            }
            initialized = rows.count * rowLength
        }
    }
}
