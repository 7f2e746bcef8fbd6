import Images

/// The rows and columns of a picture that resizing looks at. Bilinear interpolation without antialiasing reads four pixels for
/// each new one, so that of a large photograph most never have to be worked out.
struct SampledGrid {
    /// In the picture after flipping, ascending.
    let columns: [Int]
    let rows: [Int]
    /// Where the new picture's pixels are between those of the grid.
    let columnTaps: [BilinearTap]
    let rowTaps: [BilinearTap]

    init(width: Int, height: Int, newWidth: Int, newHeight: Int) {
        (columns, columnTaps) = Self.compact(BilinearTap.columns(from: width, to: newWidth))
        (rows, rowTaps) = Self.compact(BilinearTap.rows(from: height, to: newHeight))
    }

    /// The positions that are read, and the taps between their places in that list.
    private static func compact(_ taps: [BilinearTap]) -> ([Int], [BilinearTap]) {
        var positions: [Int] = []
        func place(of position: Int) -> Int {
            // Taps ascend, so what was read before is among the last two.
            if let index = positions.suffix(2).firstIndex(of: position) { return index }
            positions.append(position)
            return positions.count - 1
        }
        let compacted = taps.map {
            BilinearTap(first: place(of: $0.first), second: place(of: $0.second), weight: $0.weight)
        }
        return (positions, compacted)
    }
}
