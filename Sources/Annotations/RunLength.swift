package import Images

/// COCO's run-length code of a mask: lengths of runs of pixels that do not and do belong to it, in turn, down the columns from left to right.
///
/// As pycocotools 2.0.11 writes and reads it (`maskApi.c`).
package struct RunLength: Equatable, Sendable {
    package let width: Int, height: Int
    /// The first run is of pixels that do not belong to the mask; it may be 0.
    package let counts: [Int]

    /// Throws ``AnnotationError`` when the runs do not fill the picture.
    package init(width: Int, height: Int, counts: [Int]) throws {
        let (total, isTooLarge) = counts.reduce((0, false)) { sum, count in
            let (next, overflow) = sum.0.addingReportingOverflow(count)
            return (next, sum.1 || overflow || count < 0)
        }
        guard width > 0, height > 0, !isTooLarge, total == width * height else {
            throw AnnotationError("a run-length code has \(total) pixels for a picture of \(width) × \(height)")
        }
        (self.width, self.height, self.counts) = (width, height, counts)
    }

    /// The pixels of a region within a picture.
    package init(of region: Region, width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        var counts = [0]
        var (last, position) = (false, region.x * height)
        counts[0] = position
        func append(_ isInside: Bool, _ count: Int) {
            guard count > 0 else { return }
            if isInside == last { counts[counts.count - 1] += count } else { counts.append(count) }
            (last, position) = (isInside, position + count)
        }
        for column in 0..<region.width {
            append(false, (region.x + column) * height + region.y - position)
            for row in 0..<region.height { append(region.holds(column, row), 1) }
        }
        append(false, width * height - position)
        self.counts = counts
    }

    /// The pixels of a mask that are not 0.
    package init(of mask: Image) {
        (width, height) = (mask.width, mask.height)
        var counts = [0]
        var isInside = false
        for column in 0..<width {
            for row in 0..<height {
                let next = mask.pixels[(row * width + column) * mask.channels] != 0
                if next != isInside { counts.append(0) }
                counts[counts.count - 1] += 1
                isInside = next
            }
        }
        self.counts = counts
    }

    /// Calls `body` with the place of each pixel of the mask, rows from top to bottom.
    package func forEachPixel(_ body: (Int) -> Void) {
        var position = 0
        for (index, count) in counts.enumerated() {
            if index % 2 == 1 {
                for place in position..<position + count { body(place % height * width + place / height) }
            }
            position += count
        }
    }

    // MARK: - Text

    /// Each count in groups of five bits, the lowest first, in the characters from `0` on; from the third on the difference to the count two
    /// before.
    package var text: String {
        var characters: [UInt8] = []
        for (index, count) in counts.enumerated() {
            var value = index > 2 ? count - counts[index - 2] : count
            var hasMore = true
            while hasMore {
                var group = value & 0x1f
                value >>= 5
                hasMore = group & 0x10 != 0 ? value != -1 : value != 0
                if hasMore { group |= 0x20 }
                characters.append(UInt8(group) + 48)
            }
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// Reads ``text``. Throws ``AnnotationError``.
    package init(width: Int, height: Int, text: String) throws {
        var counts: [Int] = []
        var (value, shift) = (0, 0)
        for character in text.utf8 {
            guard (48..<112).contains(character), shift < 60 else {
                throw AnnotationError("the run-length code \(text.prefix(20))… is not one of COCO's")
            }
            let group = Int(character) - 48
            value |= (group & 0x1f) << shift
            shift += 5
            guard group & 0x20 == 0 else { continue }
            if group & 0x10 != 0 { value |= -1 << shift }
            let (count, overflow) = value.addingReportingOverflow(counts.count > 2 ? counts[counts.count - 2] : 0)
            guard !overflow else {
                throw AnnotationError("the run-length code \(text.prefix(20))… is not one of COCO's")
            }
            counts.append(count)
            (value, shift) = (0, 0)
        }
        guard shift == 0 else { throw AnnotationError("the run-length code \(text.prefix(20))… ends in the middle") }
        try self.init(width: width, height: height, counts: counts)
    }
}
