package import Images
import Torch

/// Looks at a picture as a whole and then at parts of it, which have more of its pixels.
///
/// The whole picture's pass has seen what a tile is a part of, a tile has seen detail. So a pixel of softness s takes the share 1 − |2s − 1| from the
/// tiles: all where the whole is unsure, as along outlines, nothing where it is sure. That a finer look is for what is unsure is the idea of
/// PointRend (Kirillov et al., CVPR 2020); the whole beside its parts is that of CascadePSP (Cheng et al., CVPR 2020). Tiles overlap and are
/// faded into each other (``TileAxis``).
///
/// Besides picture and mask, memory is that of one pass of `batch` tiles, whatever the picture's size.
package struct TiledPredictor: MaskPredictor {
    /// Tiles of one size over a picture.
    package struct Level: Sendable, Equatable {
        /// How long the picture's longer side is in what the model is given of it; nil for its own pixels. A picture is not enlarged.
        package var longerSide: Int?
        /// Whether tiles are computed only where the mask so far is unsure.
        package var onlyWhereUnsure: Bool

        package init(longerSide: Int? = nil, onlyWhereUnsure: Bool = false) {
            (self.longerSide, self.onlyWhereUnsure) = (longerSide, onlyWhereUnsure)
        }
    }

    /// Softness that is unsure, and the share of such pixels from which on a tile of a cascade is computed.
    static let unsure: ClosedRange<Float> = 0.1...0.9
    static let unsureShare = 0.01

    let base: any MaskPredictor
    let levels: [Level]
    /// What pictures are brought to in the first pass; nil for what the caller asks for. Tiles are as large.
    let firstSize: InputSize?
    /// Tiles in one pass.
    let batch: Int

    package var defaultSize: InputSize { firstSize ?? base.defaultSize }
    package var sizeUnit: Int { base.sizeUnit }
    package var largestSide: Int { base.largestSide }
    package var identity: [String: String] { base.identity }

    package init(_ base: any MaskPredictor, levels: [Level], firstSize: InputSize? = nil, batch: Int = 1) {
        (self.base, self.levels, self.firstSize, self.batch) = (base, levels, firstSize, max(1, batch))
    }

    package func predict(
        _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction] {
        let passSize = firstSize ?? size
        let whole = try await base.predict(pictures, size: passSize, at: resolutions.union([.picture]))
        var results: [MaskPrediction] = []
        for (picture, first) in zip(pictures, whole) {
            let refined = try await refined(picture, first, passSize)
            let wanted = try inputSize(width: picture.width, height: picture.height, size: size)
            results.append(try await refined.at(resolutions, width: wanted.width, height: wanted.height))
        }
        return results
    }

    /// How many passes a picture takes at most.
    package func passCount(width: Int, height: Int, size: InputSize?) throws -> Int {
        try 1
            + levels.reduce(0) { count, level in
                let grid = try grid(of: level, width: width, height: height, firstSize ?? size)
                return count + (grid?.places.count ?? 0)
            }
    }

    private struct Grid {
        let columns: TileAxis
        let rows: TileAxis
        /// What each tile is brought to for the model.
        let input: InputSize

        /// By rows, from left to right.
        var places: [(column: Int, row: Int)] {
            rows.starts.indices.flatMap { row in columns.starts.indices.map { ($0, row) } }
        }
    }

    /// nil where one tile would be the whole picture again.
    private func grid(of level: Level, width: Int, height: Int, _ size: InputSize?) throws -> Grid? {
        let input = try base.inputSize(width: width, height: height, size: size)
        let scale = level.longerSide.map { max(1, Double(max(width, height)) / Double($0)) } ?? 1
        func axis(_ length: Int, _ side: Int) -> TileAxis {
            TileAxis(length: length, tile: Int(min(Double(length), (Double(side) * scale).rounded())))
        }
        let (columns, rows) = (axis(width, input.width), axis(height, input.height))
        guard columns.starts.count * rows.starts.count > 1 else { return nil }
        return Grid(columns: columns, rows: rows, input: .exact(height: input.height, width: input.width))
    }

    private func refined(
        _ picture: Image, _ first: MaskPrediction, _ size: InputSize?
    ) async throws -> MaskPrediction {
        guard let whole = first.atPicture else { preconditionFailure("the mask at the picture's size was asked for") }
        var (result, blend) = (first, nil as MaskBlend?)
        for level in levels {
            guard let grid = try grid(of: level, width: picture.width, height: picture.height, size) else { continue }
            var mask = blend ?? MaskBlend(whole)
            let places = grid.places.filter { place in
                !level.onlyWhereUnsure
                    || mask.unsureShare(
                        x: grid.columns.starts[place.column], y: grid.rows.starts[place.row], width: grid.columns.tile,
                        height: grid.rows.tile, within: Self.unsure) >= Self.unsureShare
            }
            if places.isEmpty { continue }
            open(&mask, for: places, grid)
            for start in stride(from: 0, to: places.count, by: batch) {
                let members = places[start..<min(start + batch, places.count)]
                let tiles = members.map { place in
                    picture.cropped(
                        x: grid.columns.starts[place.column], y: grid.rows.starts[place.row],
                        width: grid.columns.tile, height: grid.rows.tile)
                }
                let found = try await base.predict(tiles, size: grid.input, at: [.picture])
                for (place, prediction) in zip(members, found) {
                    result.add(costOf: prediction)
                    guard let tile = prediction.atPicture else { continue }
                    mask.add(
                        tile, x: grid.columns.starts[place.column], y: grid.rows.starts[place.row],
                        columns: grid.columns.weights[place.column], rows: grid.rows.weights[place.row])
                }
            }
            blend = mask
        }
        guard let blend else { return first }
        return MaskPrediction(atPicture: blend.mask(), timings: result.timings, passCount: result.passCount)
    }

    /// Makes room in the mask for tiles.
    private func open(_ mask: inout MaskBlend, for places: [(column: Int, row: Int)], _ grid: Grid) {
        let width = mask.width
        mask.open { row in
            var covered = [Float](repeating: 0, count: width)
            var isTouched = false
            for place in places {
                let position = row - grid.rows.starts[place.row]
                guard (0..<grid.rows.tile).contains(position) else { continue }
                isTouched = true
                let (start, weight) = (grid.columns.starts[place.column], grid.rows.weights[place.row][position])
                for (column, own) in grid.columns.weights[place.column].enumerated() {
                    covered[start + column] += weight * own
                }
            }
            return isTouched ? covered : nil
        }
    }
}

extension MaskPrediction {
    /// With the masks that are asked for; one at the input's size that is not there, or of another, is made of that at the picture's.
    fileprivate func at(_ resolutions: Set<MaskResolution>, width: Int, height: Int) async throws -> MaskPrediction {
        var atInput = atInput
        if resolutions.contains(.input), let atPicture,
            atInput.map({ ($0.width, $0.height) != (width, height) }) ?? true
        {
            atInput = try await ComputeActor.run { try atPicture.resized(width: width, height: height) }
        }
        return MaskPrediction(
            atInput: atInput, atPicture: resolutions.contains(.picture) ? atPicture : nil, timings: timings,
            passCount: passCount)
    }
}
