import Images
import TestSupport
import Testing
import Torch

@testable import TransparencySegmentation

@Suite struct TiledPredictorTests {
    private let tiles = PredictionMethod(tiles: true)

    @Test(arguments: [(64, 64), (65, 64), (100, 64), (333, 64), (4000, 512), (7, 64), (1, 1), (5, 2)])
    func weightsOfAnAxisSumToOne(length: Int, tile: Int) {
        let axis = TileAxis(length: length, tile: tile)
        var sums = [Float](repeating: 0, count: length)
        for (start, weights) in zip(axis.starts, axis.weights) {
            #expect(weights.count == axis.tile)
            for (position, weight) in weights.enumerated() { sums[start + position] += weight }
        }
        #expect(sums.allSatisfy { abs($0 - 1) < 1e-6 })
        #expect(axis.starts.first == 0 && axis.starts.last.map { $0 + axis.tile } == length)
        for (one, next) in zip(axis.starts, axis.starts.dropFirst()) {
            #expect(one + axis.tile - next >= axis.tile / 4)
        }
    }

    @Test func aConstantPictureHasAConstantMask() async throws {
        let picture = try Image.drawn(width: 211, height: 150) { _, _ in (90, 0, 0) }
        let mask = try await tiles.predictor(DrawnPredictor.red()).segment(picture)
        #expect(mask.passCount == 1 + 5 * 3)
        #expect(mask.timings.encode == 16)
        let value = Float(90) / 255
        #expect(mask.softMask.allSatisfy { abs($0 - value) < 1e-6 })
    }

    /// Where each pixel's mask follows from the pixel alone, tiles find what the whole finds.
    @Test func tilesThatAgreeGiveTheSameMask() async throws {
        let picture = try Image.drawn(width: 150, height: 211) { x, y in (UInt8((x * 7 + y * 13) % 256), 0, 0) }
        let base = DrawnPredictor.red()
        let mask = try await tiles.predictor(base, batch: 4).segment(picture)
        let whole = try await base.segment(picture)
        #expect(zip(mask.softMask, whole.softMask).allSatisfy { abs($0 - $1) < 1e-6 })
        // No pass is of more than it was allowed, and none of larger tiles.
        #expect(base.passes.dropFirst().allSatisfy { $0.count <= 4 })
        #expect(base.passes.dropFirst().dropLast().joined().allSatisfy { $0.width == 64 && $0.height == 64 })
    }

    @Test func aPictureOfOneTileIsTheOnePass() async throws {
        let picture = try Image.drawn(width: 50, height: 40) { x, y in (UInt8((x * 7 + y * 13) % 256), 0, 0) }
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-0", device: .cpu)
        let whole = try await segmenter.predict([picture], size: nil, at: [.input, .picture])[0]
        let tiled = try await tiles.predictor(segmenter).predict([picture], size: nil, at: [.input, .picture])[0]
        #expect(tiled.passCount == 1)
        #expect(tiled.atInput?.planes == whole.atInput?.planes)
        #expect(tiled.atPicture?.planes == whole.atPicture?.planes)
    }

    /// The mean step across tiles' edges over the mean step elsewhere, as of Wu & Yuen, "A generalized block-edge impairment metric for video
    /// coding", IEEE Signal Processing Letters 1997, without its weights for what eyes see: 1 where edges are like any other place.
    private func seam(_ values: [Float], width: Int, edges: Set<Int>) -> Float {
        var (atEdges, elsewhere) = ((sum: Float(0), count: 0), (sum: Float(0), count: 0))
        for index in values.indices where index % width > 0 {
            let step = abs(values[index] - values[index - 1])
            if edges.contains(index % width) {
                atEdges = (atEdges.sum + step, atEdges.count + 1)
            } else {
                elsewhere = (elsewhere.sum + step, elsewhere.count + 1)
            }
        }
        return atEdges.sum / Float(atEdges.count) / (elsewhere.sum / Float(elsewhere.count))
    }

    @Test func tilesThatDisagreeLeaveNoSeam() async throws {
        let (width, height) = (400, 100)
        let picture = try Image.drawn(width: width, height: height) { x, y in (UInt8((x * 31 + y * 17) % 64), 0, 0) }
        // Each tile has an opinion of its own, by its first pixel, and a little texture.
        let base = DrawnPredictor { picture, x, y in
            0.2 + Float(picture.pixels[0]) / 128 + Float(picture.pixels[3 * (y * picture.width + x)]) / 2550
        }
        let axis = TileAxis(length: width, tile: 64)
        let edges = Set(axis.starts.dropFirst() + axis.starts.dropLast().map { $0 + axis.tile })
        let mask = try await tiles.predictor(base).segment(picture)
        #expect(seam(mask.softMask, width: width, edges: edges) < 1.5)
        // The control: the same tiles beside each other.
        var cut = [Float](repeating: 0, count: width * height)
        for start in axis.starts {
            let tile = picture.cropped(x: start, y: 0, width: 64, height: height)
            let own = try await base.segment(tile).softMask
            for row in 0..<height { for x in 0..<64 { cut[row * width + start + x] = own[row * 64 + x] } }
        }
        #expect(seam(cut, width: width, edges: Set(axis.starts.dropFirst())) > 5)
    }

    @Test func aCascadeLooksAgainWhereItIsUnsure() async throws {
        // Sure on the left, unsure on the right.
        let picture = try Image.drawn(width: 256, height: 128) { x, y in
            x < 128 ? (250, 0, 0) : (UInt8(100 + y % 50), 0, 0)
        }
        let base = DrawnPredictor.red()
        let predictor = PredictionMethod(cascade: [64, 128, 512]).predictor(base)
        #expect(predictor.defaultSize == .square(64))
        let mask = try await predictor.segment(picture)
        let whole = try await base.segment(picture)
        #expect(zip(mask.softMask, whole.softMask).allSatisfy { abs($0 - $1) < 1e-6 })
        let everywhere = try PredictionMethod(cascade: [64, 128, 512]).passCount(
            width: 256, height: 128, size: nil, of: base)
        #expect(mask.passCount > 1 && mask.passCount < everywhere)
        // At 128 a tile has 128 of the picture's pixels.
        #expect(base.passes[1][0].width == 128)
        let sure = try Image.drawn(width: 256, height: 128) { _, _ in (250, 0, 0) }
        #expect(try await predictor.segment(sure).passCount == 1)
    }

    /// What a pane fills has nothing to tell it by: where the whole is sure, tiles have no say, and where it is not, they decide.
    @Test func tilesDecideWhatTheWholeLeavesOpen() async throws {
        let picture = try Image.drawn(width: 128, height: 128) { x, _ in (x < 64 ? 255 : 128, 0, 0) }
        let base = DrawnPredictor { picture, x, y in
            let whole = Float(picture.pixels[3 * (y * picture.width + x)]) / 255
            return picture.width == 128 ? whole : 0
        }
        let mask = try await tiles.predictor(base).segment(picture)
        #expect(mask.softMask[0] == 1 && mask.softMask[63] == 1)
        #expect(mask.softMask[64..<128].allSatisfy { $0 < 0.01 })
    }

    @Test func masksAtTheInputsSizeFollow() async throws {
        let picture = try Image.drawn(width: 200, height: 200) { x, _ in (UInt8(x), 0, 0) }
        let found = try await PredictionMethod(cascade: [64, 256]).predictor(DrawnPredictor.red())
            .predict([picture], size: .exact(height: 32, width: 48), at: [.input])[0]
        #expect(found.atPicture == nil)
        #expect(found.atInput.map { [$0.width, $0.height, $0.planes.count] } == [48, 32, 48 * 32])
        #expect(found.atInput?.planes.allSatisfy { (0...1).contains($0) } == true)
    }

    @Test func classesAreKept() async throws {
        let picture = try Image.drawn(width: 200, height: 150) { x, _ in (200, x < 100 ? 0 : 255, 0) }
        let base = DrawnPredictor.red(kinds: true)
        let expected = try await base.segment(picture).classes
        for method in [tiles, PredictionMethod(flips: true), PredictionMethod(tiles: true, scales: true)] {
            #expect(try await method.predictor(base).segment(picture).classes == expected)
        }
    }

    @Test func twelveMegapixelsTakeAsManyPassesAsTheManualSays() throws {
        let base = DrawnPredictor.red()
        #expect(try tiles.passCount(width: 4000, height: 3000, size: .square(512), of: base) == 89)
        #expect(
            try PredictionMethod(tiles: true, flips: true, scales: true).passCount(
                width: 4000, height: 3000, size: .square(512), of: base) == 6 * 89)
        #expect(try PredictionMethod().cost(of: base, size: nil) == nil)
    }
}
