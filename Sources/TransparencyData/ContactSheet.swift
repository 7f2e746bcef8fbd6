package import Images

/// Small pictures in rows and columns on one gray sheet.
package enum ContactSheet {
    private static let gap = 6
    /// Pixels of a pixel of the captions' letters.
    private static let letterScale = 2

    /// The sheet of `rows`, RGB; each cell is as large as the largest picture, with its picture at the upper left.
    ///
    /// - Parameter captions: What stands above each row; of rows without one, nothing.
    /// - Throws: `ImageError.invalidPixels` when there is no picture.
    package static func image(of rows: [[Image]], captions: [String] = []) throws -> Image {
        let cellWidth = rows.joined().map(\.width).max() ?? 0
        let cellHeight = rows.joined().map(\.height).max() ?? 0
        let width = (rows.map(\.count).max() ?? 0) * (cellWidth + gap) + gap
        let captionHeight = PixelLetters.size(of: "", scale: letterScale).height + gap
        let tops = rows.indices.map { row in
            let above = captions.prefix(row + 1).count { !$0.isEmpty }
            return gap + row * (cellHeight + gap) + above * captionHeight
        }
        let height = (tops.last ?? 0) + cellHeight + gap
        var pixels = [UInt8](repeating: 96, count: 3 * width * height)
        for (row, pictures) in rows.enumerated() {
            for (column, picture) in pictures.enumerated() {
                let (left, top) = (gap + column * (cellWidth + gap), tops[row])
                for y in 0..<picture.height {
                    for x in 0..<picture.width {
                        let (target, source) = (3 * ((top + y) * width + left + x), y * picture.width + x)
                        for channel in 0..<3 {
                            pixels[target + channel] =
                                picture.channels == 1
                                ? picture.pixels[source] : picture.pixels[picture.channels * source + channel]
                        }
                    }
                }
            }
        }
        for (caption, top) in zip(captions, tops) {
            PixelLetters.draw(caption, scale: letterScale) { x, y in
                guard gap + x < width - gap else { return }
                let target = 3 * ((top - captionHeight + y) * width + gap + x)
                for channel in 0..<3 { pixels[target + channel] = 255 }
            }
        }
        guard cellWidth > 0 else { throw ImageError.invalidPixels(width: 0, height: 0, channels: 3, sampleCount: 0) }
        return try Image(width: width, height: height, channels: 3, pixels: pixels)
    }
}
