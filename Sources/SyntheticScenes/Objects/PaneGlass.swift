import Foundation
import SeededRandom
import TransparencyData

/// Flat glass: what is behind appears shifted, tinted and under reflections; reeded glass tears it into strips.
struct PaneGlass: Sendable {
    /// By how much a thick slanting sheet shifts what is behind.
    let shift: ScenePoint
    /// How much smaller or larger it appears.
    let zoom: Float
    /// Strength and number of reeds, 0 for smooth glass.
    let reedDepth: Float
    let reedCount: Float
    /// Radius of scattering, 0 for clear glass.
    let frost: Float
    let ripple: Float
    let transmission: SceneColor
    let reflection: Float
    let sheen: Float
    let seed: UInt32
    /// What is behind it, where that is another place than around it; and what it mirrors.
    var view: PhotographCrop?
    var mirrored: PhotographCrop?

    /// `clarity` 0…1: 1 makes it as visible as glass gets.
    init(_ random: inout KeyedRandom, clarity: Float) {
        let side = random.sign()
        shift = ScenePoint(side * random.uniform(0.012...0.035), random.uniform(-0.02...0.02)) * (0.6 + 0.4 * clarity)
        zoom = random.uniform(-0.08...0.06)
        let isReeded = random.chance(0.18)
        reedDepth = isReeded ? random.uniform(0.02...0.06) : 0
        reedCount = Float(random.count(10...26))
        frost = !isReeded && random.chance(0.12) ? random.uniform(0.01...0.03) : 0
        ripple = random.chance(0.4) ? random.uniform(0.003...0.014) : 0.001
        let hue = random.color(value: 1...1, saturation: 0...0.35)
        transmission = mix(.one, hue * random.uniform(0.6...0.95), 0.4 + 0.6 * clarity)
        reflection = random.uniform(0.1...0.38) * (0.35 + 0.65 * clarity)
        sheen = random.uniform(0.2...0.6) * (0.25 + 0.75 * clarity)
        seed = UInt32(truncatingIfNeeded: random.next())
    }

    @inline(__always)
    func color(
        at point: ScenePoint, place: PanelOutline.Place, lighting: SceneLighting, behind: SceneCanvas
    ) -> SceneColor {
        let uv = place.uv
        var source = point + shift + (uv - 0.5) * zoom
        source +=
            ScenePoint(valueNoise(uv * 7, seed: seed) - 0.5, valueNoise(uv * 7 + 50, seed: seed) - 0.5) * (2 * ripple)
        if reedDepth > 0 { source.x += reedDepth * sin(uv.x * reedCount * 2 * .pi) }
        let sample = { view?.color(at: $0, pixel: behind.pixel) ?? behind.sample($0) }
        var seen = sample(source)
        if frost > 0 {
            for direction in Self.ring { seen += sample(source + direction * frost) }
            seen /= Float(Self.ring.count + 1)
        }
        // The room behind the viewer: dim shapes without detail.
        let room =
            mirrored?.color(at: uv, pixel: behind.pixel)
            ?? lighting.surroundings([0, uv.y * 1.6 - 0.8, 0.5]) * (0.5 + cloudNoise(uv * 2.5, seed: seed, octaves: 2))
        return mix(seen * transmission, room, reflection) + sheen * sheetReflection(uv, lighting: lighting, seed: seed)
    }

    /// Two rings of places around a center.
    private static let ring: [ScenePoint] = (0..<12).map { step in
        SyntheticScenes.turn(Float(step) * .pi / 6) * (step.isMultiple(of: 2) ? 1 : 0.5)
    }
}
