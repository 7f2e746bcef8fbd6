import Foundation
import SeededRandom
import TransparencyData

/// A pattern without end, for walls, floors, boxes and opaque vessels.
struct SurfaceTexture: Sendable {
    enum Kind: CaseIterable, Sendable {
        case gradient, stripes, tiles, bricks, planks, weave, clouds, dots, marble, patches
    }

    let kind: Kind
    let colors: [SceneColor]
    /// Repetitions over the picture.
    let scale: Float
    let turn: ScenePoint
    let seed: UInt32
    /// What is seen instead of the pattern.
    var photograph: PhotographCrop?

    /// `contrast` 0…1 is how far the colors are apart.
    init(_ random: inout KeyedRandom, kind: Kind? = nil, contrast: Float, scale: ClosedRange<Float> = 3...14) {
        let kinds = Kind.allCases
        self.kind = kind ?? kinds[random.count(0...kinds.count - 1)]
        let base = random.color(value: 0.25...0.95, saturation: 0...0.7)
        colors = (0..<4).map { index in
            index == 0 ? base : mix(base, random.color(value: 0.05...1, saturation: 0...0.9), contrast)
        }
        self.scale = random.uniform(scale)
        let slants = [.planks, .bricks].contains(self.kind) ? random.uniform(-0.04...0.04) : random.uniform(-1.6...1.6)
        turn = SyntheticScenes.turn(slants)
        seed = UInt32(truncatingIfNeeded: random.next())
    }

    /// The color at a place; `pixel` is the side of a pixel, over which edges are softened.
    func color(at point: ScenePoint, pixel: Float) -> SceneColor {
        if let photograph { return photograph.color(at: point, pixel: pixel) }
        let place = rotate(point, turn) * scale
        let soft = pixel * scale
        switch kind {
        case .gradient:
            return mix(colors[0], colors[1], clamp01(0.5 + rotate(point - 0.5, turn).x * 0.8))
        case .stripes:
            let width = 0.25 + 0.5 * latticeValue(0, 0, seed)
            return mix(colors[0], colors[1], band(place.x, width: width, soft: soft))
        case .tiles:
            let cell = place.rounded(.down)
            let tile = mix(colors[1], colors[2], latticeValue(Int32(cell.x), Int32(cell.y), seed))
            return mix(colors[0], tile, joint(place, 0.05, soft))
        case .bricks, .planks:
            return coursed(place, soft)
        case .weave:
            let over = (sin(place.x * 12) * sin(place.y * 12) + 1) * 0.5
            return mix(mix(colors[0], colors[1], over), colors[2], 0.3 * valueNoise(place, seed: seed))
        case .clouds:
            let first = cloudNoise(place * 0.6, seed: seed)
            let second = cloudNoise(place * 0.6 + 31, seed: seed &+ 1, octaves: 3)
            return mix(
                mix(colors[0], colors[1], smoothstep(0.3, 0.7, first)), colors[2], smoothstep(0.4, 0.8, second))
        case .dots:
            let cell = place.rounded(.down)
            let radius = 0.15 + 0.25 * latticeValue(Int32(cell.x), Int32(cell.y), seed)
            let distance = length(place - cell - 0.5) - radius
            return mix(colors[1], colors[0], clamp01(0.5 + distance / soft))
        case .marble:
            let veins = abs(sin(place.x * 1.3 + 6 * cloudNoise(place * 0.5, seed: seed)))
            return mix(colors[1], colors[0], smoothstep(0, 0.6, veins))
        case .patches:
            let cell = (place * 0.7).rounded(.down)
            let index = Int(latticeValue(Int32(cell.x), Int32(cell.y), seed) * 3.999)
            return colors[index] * (0.9 + 0.1 * valueNoise(place * 3, seed: seed))
        }
    }

    /// Bricks with joints and an offset from course to course, or long planks with grain.
    private func coursed(_ place: ScenePoint, _ soft: Float) -> SceneColor {
        let isBrick = kind == .bricks
        let row = place.y.rounded(.down)
        let shift = isBrick ? row * 0.5 : latticeValue(Int32(row), 7, seed)
        let across = ScenePoint(place.x * (isBrick ? 0.45 : 0.15) + shift, place.y)
        let cell = across.rounded(.down)
        let shade = latticeValue(Int32(cell.x), Int32(cell.y), seed)
        let grain =
            isBrick
            ? valueNoise(place * 6, seed: seed) : valueNoise(place * ScenePoint(1.5, 14) + shade * 50, seed: seed)
        let body = mix(colors[1], colors[2], shade * 0.6 + grain * 0.4)
        return mix(isBrick ? colors[0] : colors[0] * 0.5, body, joint(across, isBrick ? 0.06 : 0.02, soft))
    }

    /// 0 in the joints between cells of side 1, 1 inside.
    private func joint(_ place: ScenePoint, _ width: Float, _ soft: Float) -> Float {
        let share = place - place.rounded(.down)
        let inside = min(min(share.x, 1 - share.x), min(share.y, 1 - share.y)) - width * 0.5
        return clamp01(0.5 + inside / max(soft, 1e-4))
    }

    /// 1 in bands of a width, as a share of the period 1.
    private func band(_ value: Float, width: Float, soft: Float) -> Float {
        let share = abs(value - value.rounded(.down) - 0.5)
        return clamp01(0.5 + (width * 0.5 - share) / max(soft, 1e-4))
    }
}
