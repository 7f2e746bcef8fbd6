import SeededRandom
import TransparencyData

/// The lights of a scene and what surrounds it, as seen in a reflection.
///
/// A normal points to the right, down and towards the viewer.
struct SceneLighting: Sendable {
    /// A lamp or window: a soft rectangle in the plane of the normals' first two components.
    struct Softbox: Sendable {
        let center: ScenePoint
        let half: ScenePoint
        let strength: Float
        let isBarred: Bool
    }

    let softboxes: [Softbox]
    let above: SceneColor
    let below: SceneColor
    /// Where most light comes from, a unit vector.
    let direction: SIMD3<Float>
    /// How dark shadows are, 0…1.
    let shadow: Float

    init(_ random: inout KeyedRandom) {
        let side = random.sign()
        let first = Softbox(
            center: [side * random.uniform(0.3...0.75), random.uniform(-0.5...0.05)],
            half: [random.uniform(0.04...0.14), random.uniform(0.15...0.4)], strength: random.uniform(0.5...1.2),
            isBarred: random.chance(0.3))
        let second = Softbox(
            center: [-side * random.uniform(0.4...0.85), random.uniform(-0.4...0.3)],
            half: [random.uniform(0.02...0.08), random.uniform(0.1...0.5)], strength: random.uniform(0.15...0.6),
            isBarred: false)
        softboxes = random.chance(0.7) ? [first, second] : [first]
        above = random.color(value: 0.5...1.1, saturation: 0...0.2)
        below = random.color(value: 0.05...0.6, saturation: 0...0.4)
        let lamp = SIMD3<Float>(side * random.uniform(0.3...0.8), random.uniform(-0.8 ... -0.3), 0.7)
        direction = lamp / (lamp * lamp).sum().squareRoot()
        shadow = random.uniform(0.15...0.6)
    }

    /// What a mirror with the normal shows, lamps aside.
    @inline(__always)
    func surroundings(_ normal: SIMD3<Float>) -> SceneColor {
        mix(above, below, smoothstep(-0.7, 0.6, normal.y))
    }

    /// How bright the lamps appear in a polished surface.
    @inline(__always)
    func highlight(_ normal: SIMD3<Float>) -> Float {
        var sum: Float = 0
        for box in softboxes {
            let x = abs(normal.x - box.center.x)
            let y = abs(normal.y - box.center.y)
            var light = smoothstep(box.half.x + 0.05, box.half.x, x) * smoothstep(box.half.y + 0.08, box.half.y, y)
            if box.isBarred { light *= smoothstep(0.008, 0.025, x) }
            sum += light * box.strength
        }
        return sum
    }

    /// How bright a matt surface is, 0…1.
    @inline(__always)
    func diffuse(_ normal: SIMD3<Float>) -> Float {
        0.3 + 0.7 * max(0, (normal * direction).sum())
    }
}
