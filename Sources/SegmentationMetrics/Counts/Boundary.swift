/// The pixels of a mask that have one of their four neighbors, inside the picture, outside the mask.
struct Boundary {
    let width: Int
    let height: Int
    /// Indices `y * width + x`, ascending.
    let pixels: [Int]

    init(of mask: [Bool], width: Int, height: Int) {
        self.width = width
        self.height = height
        var pixels: [Int] = []
        for y in 0..<height {
            for x in 0..<width where mask[y * width + x] {
                let index = y * width + x
                if (x > 0 && !mask[index - 1]) || (x + 1 < width && !mask[index + 1])
                    || (y > 0 && !mask[index - width]) || (y + 1 < height && !mask[index + width])
                {
                    pixels.append(index)
                }
            }
        }
        self.pixels = pixels
    }

    /// How many of these pixels have one of `other` at a Euclidean distance of at most `radius`.
    ///
    /// The way down or up to the next pixel of `other` is worked out for all pixels; the columns within the radius are then
    /// tried for those of the boundary only.
    func countMatched(with other: Boundary, within radius: Double) -> Int {
        guard !pixels.isEmpty, !other.pixels.isEmpty else { return 0 }
        let vertical = other.verticalDistances()
        let reach = Int(radius)
        return pixels.count { index in
            let x = index % width
            return (-min(reach, x)...min(reach, width - 1 - x)).contains { offset in
                let down = Double(vertical[index + offset])
                return Double(offset * offset) + down * down <= radius * radius
            }
        }
    }

    /// For each pixel of the picture the distance to the next pixel of the boundary in its column; very large where the column
    /// has none.
    private func verticalDistances() -> [Int32] {
        var distances = [Int32](repeating: Int32.max / 2, count: width * height)
        for index in pixels { distances[index] = 0 }
        for index in stride(from: width, to: distances.count, by: 1) {
            distances[index] = min(distances[index], distances[index - width] + 1)
        }
        for index in stride(from: distances.count - width - 1, through: 0, by: -1) {
            distances[index] = min(distances[index], distances[index + width] + 1)
        }
        return distances
    }
}
