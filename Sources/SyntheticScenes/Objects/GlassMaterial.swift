import SeededRandom
import TransparencyData

/// What a vessel or pane of glass is like apart from its form.
struct GlassMaterial: Sendable {
    /// What the glass and a filling absorb of each color.
    let tint: SceneColor
    let filling: SceneColor
    let glassIndex: Float
    /// Outer radius 1 less the wall's thickness; 0 is massive.
    let innerRadius: Float
    /// From where on down the vessel is filled; above 1 it is empty.
    let level: Float
    /// How strong highlights and reflections are, 0…1.
    let polish: Float
    /// Irregular thickness, as hand-made glass has it.
    let ripple: Float
    let seed: UInt32

    /// `clarity` 0…1: 1 makes it as visible as glass gets, small values hide it.
    init(_ random: inout KeyedRandom, clarity: Float, isMassive: Bool) {
        let hue = random.color(value: 0...1, saturation: 0.3...0.9)
        let depth = random.chance(0.6) ? random.uniform(0.02...0.15) : random.uniform(0.15...0.9)
        tint = (.one * 1.05 - hue) * (depth * (0.4 + 0.6 * clarity))
        glassIndex = random.uniform(1.45...1.6)
        innerRadius = isMassive ? 0 : random.uniform(0.82...0.95)
        let isFilled = random.chance(0.4)
        level = isFilled ? random.uniform(0.15...0.75) : 2
        let drink = random.color(value: 0...1, saturation: 0.2...1)
        filling = (.one * 1.02 - drink) * (random.chance(0.5) ? 0.03 : random.uniform(0.1...1))
        polish = (0.35 + 0.65 * clarity) * random.uniform(0.6...1)
        ripple = random.chance(0.3) ? random.uniform(0.003...0.012) : 0.001
        seed = UInt32(truncatingIfNeeded: random.next())
    }
}
