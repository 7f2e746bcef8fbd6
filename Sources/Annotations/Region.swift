package import Images

/// A connected part of a mask, whose pixels touch at sides or corners.
package struct Region: Sendable, Equatable {
    /// The class, from 1 on.
    package let label: UInt8
    /// The bounding box in the mask, pixels.
    package let x: Int, y: Int, width: Int, height: Int
    /// `width * height` pixels of the box, rows from top to bottom: whether they belong to the region.
    package let pixels: [Bool]
    /// Pixels of the region.
    package let area: Int

    /// Whether a pixel of the box belongs to the region; outside of the box none does.
    func holds(_ column: Int, _ row: Int) -> Bool {
        column >= 0 && row >= 0 && column < width && row < height && pixels[row * width + column]
    }

    /// The regions of all classes of a mask, in the order of their first pixels.
    ///
    /// - Parameters:
    ///   - mask: One channel: 0 for background, else the class.
    ///   - minimumArea: Regions of fewer pixels are left out.
    package static func all(of mask: Image, minimumArea: Int = 1) -> [Region] {
        let (width, height) = (mask.width, mask.height)
        var seen = [Bool](repeating: false, count: width * height)
        var regions: [Region] = []
        var members: [Int] = []
        for start in mask.pixels.indices where mask.pixels[start] != 0 && !seen[start] {
            let label = mask.pixels[start]
            members.removeAll(keepingCapacity: true)
            members.append(start)
            seen[start] = true
            var next = 0
            var (left, right, bottom) = (width, 0, 0)
            while next < members.count {
                let (row, column) = members[next].quotientAndRemainder(dividingBy: width)
                next += 1
                (left, right, bottom) = (min(left, column), max(right, column), max(bottom, row))
                for y in max(0, row - 1)...min(height - 1, row + 1) {
                    for x in max(0, column - 1)...min(width - 1, column + 1) {
                        let neighbor = y * width + x
                        guard mask.pixels[neighbor] == label, !seen[neighbor] else { continue }
                        seen[neighbor] = true
                        members.append(neighbor)
                    }
                }
            }
            guard members.count >= minimumArea else { continue }
            let top = start / width
            let boxWidth = right - left + 1
            var pixels = [Bool](repeating: false, count: boxWidth * (bottom - top + 1))
            for member in members { pixels[(member / width - top) * boxWidth + member % width - left] = true }
            regions.append(
                Region(
                    label: label, x: left, y: top, width: boxWidth, height: bottom - top + 1, pixels: pixels,
                    area: members.count))
        }
        return regions
    }
}
