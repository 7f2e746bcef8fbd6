import SeededRandom
import TransparencyData

/// A box, book, card or ball of light: a flat opaque thing, rectangular or with rounded corners.
struct Slab: SceneItem {
    let center: ScenePoint
    let half: ScenePoint
    let turn: ScenePoint
    let texture: SurfaceTexture?
    let plain: SceneColor
    /// Radius of the corners.
    let corner: Float
    /// Over how far the edge fades, for what is out of focus.
    let softness: Float
    let opacity: Float
    let gloss: Float
    let lighting: SceneLighting

    var isGlass: Bool { false }

    /// Anything flat.
    init(
        _ random: inout KeyedRandom, lighting: SceneLighting, center: ScenePoint, half: ScenePoint, angle: Float = 0,
        contrast: Float = 0.7, texture: SurfaceTexture? = nil
    ) {
        (self.center, self.half, self.lighting) = (center, half, lighting)
        turn = SyntheticScenes.turn(angle)
        let isTextured = random.chance(0.5)
        self.texture = texture ?? (isTextured ? SurfaceTexture(&random, contrast: contrast, scale: 6...25) : nil)
        plain = random.color(value: 0.1...0.95, saturation: 0...0.85)
        corner = min(half.x, half.y) * (random.chance(0.3) ? random.uniform(0.2...1) : 0.05)
        softness = 0
        opacity = 1
        gloss = random.chance(0.5) ? random.uniform(0.05...0.35) : 0
    }

    /// A disc of light.
    init(
        light: SceneColor, center: ScenePoint, half: Float, softness: Float, opacity: Float, lighting: SceneLighting
    ) {
        (self.center, self.half, self.lighting) = (center, [half, half], lighting)
        (plain, self.softness, self.opacity) = (light, softness, opacity)
        (turn, texture, corner, gloss) = ([1, 0], nil, half, 0)
    }

    func draw(on canvas: inout SceneCanvas) {
        let pixel = canvas.pixel
        let edge = max(pixel, softness)
        let unturned = ScenePoint(turn.x, -turn.y)
        let inner = half - corner
        canvas.update(around: center, reach: length(half) + edge) { point, color, pixelClass in
            let local = rotate(point - center, unturned)
            let beyond = ScenePoint(abs(local.x), abs(local.y)) - inner
            let outside = length(ScenePoint(max(beyond.x, 0), max(beyond.y, 0)))
            let distance = outside + min(max(beyond.x, beyond.y), 0) - corner
            let coverage = clamp01(0.5 - distance / edge) * opacity
            guard coverage > 0 else { return }
            var painted = texture?.color(at: local + 5, pixel: pixel) ?? plain
            if softness == 0 {
                let across = (local / half).clamped(lowerBound: [-1, -1], upperBound: [1, 1])
                painted *= 0.85 - 0.2 * across.x * lighting.direction.x.sign - 0.1 * across.y
                // A lighter rim towards the light and a darker one away from it.
                let rim = smoothstep(-2.5 * pixel - 0.004, 0, distance)
                painted *= 1 + rim * (across.x * lighting.direction.x - across.y > 0 ? 0.35 : -0.35)
                painted += gloss * smoothstep(0.5, 0, abs(across.x + 0.6 * across.y - lighting.direction.x))
            }
            SceneCanvas.lay(painted, coverage: coverage, index: 0, on: &color, &pixelClass)
        }
    }
}

extension Float {
    /// -1 below zero, else 1.
    fileprivate var sign: Float { self < 0 ? -1 : 1 }
}
