import Foundation

/// Tiles along one axis of a picture: where they begin and how their masks are faded into each other.
///
/// Neighbors overlap by at least a quarter of a tile. There weights go from one to the other as sin², and at every position they sum
/// to 1, so that tiles that agree leave no seam. Across two axes weights are the product of those of each.
struct TileAxis {
    /// Pixels of a tile.
    let tile: Int
    /// Where tiles begin, ascending: the first at 0, the last so that it ends with the picture.
    let starts: [Int]
    /// Of each tile the weights of its pixels.
    let weights: [[Float]]

    /// - Parameters:
    ///   - length: Of the picture, pixels.
    ///   - tile: Pixels of a tile; of a shorter picture there is one tile, the picture.
    init(length: Int, tile wanted: Int) {
        let tile = max(1, min(wanted, length))
        let overlap = max(1, tile / 4)
        let count = length <= tile ? 1 : (length - overlap + tile - overlap - 1) / max(1, tile - overlap)
        let starts = (0..<count).map { count == 1 ? 0 : ($0 * (length - tile) + (count - 1) / 2) / (count - 1) }
        var raw = starts.map { start in
            (0..<tile).map { position -> Double in
                let before = start == 0 ? 1 : (Double(position) + 0.5) / Double(overlap)
                let after = start + tile == length ? 1 : (Double(tile - position) - 0.5) / Double(overlap)
                let angle = min(1, before, after) * Double.pi / 2
                return sin(angle) * sin(angle)
            }
        }
        var sums = [Double](repeating: 0, count: length)
        for (start, weights) in zip(starts, raw) {
            for position in 0..<tile { sums[start + position] += weights[position] }
        }
        for (index, start) in starts.enumerated() {
            for position in 0..<tile { raw[index][position] /= sums[start + position] }
        }
        (self.tile, self.starts, weights) = (tile, starts, raw.map { $0.map(Float.init) })
    }
}
