import TransparencyData

/// A bottle, tumbler, wine glass or ball: of glass (class things), or opaque with the same form and the same lights.
struct Vessel: SceneItem {
    enum Material: Sendable {
        case glass(GlassMaterial)
        /// `gloss` 0…1 is the strength of highlights.
        case opaque(SurfaceTexture, gloss: Float)
    }

    let shape: VesselShape
    /// The middle of the foot.
    let foot: ScenePoint
    let height: Float
    /// The lean to the right.
    let lean: ScenePoint
    let material: Material
    let lighting: SceneLighting
    /// How far behind it the background is, in widest half widths.
    let depth: Float
    /// Whether it throws its shadow on something it stands on.
    let isStanding: Bool

    var isGlass: Bool {
        if case .glass = material { true } else { false }
    }

    /// A place in the picture in the shape's coordinates.
    @inline(__always)
    func local(_ point: ScenePoint) -> ScenePoint {
        rotate(point - foot, ScenePoint(lean.x, -lean.y)) / height + ScenePoint(0, 1)
    }

    var center: ScenePoint { foot + rotate([0, -height / 2], lean) }

    /// A radius around the center that holds it.
    var reach: Float { height * length([shape.widest, 0.5 + shape.widest * shape.flattening]) }

    func draw(on canvas: inout SceneCanvas) {
        if isStanding { drawShadow(on: &canvas) }
        switch material {
        case .glass(let glass): drawGlass(glass, on: &canvas)
        case .opaque(let texture, let gloss): drawOpaque(texture, gloss: gloss, on: &canvas)
        }
    }

    /// A soft shadow beside the foot; that of glass is lighter, with light gathered in its middle.
    private func drawShadow(on canvas: inout SceneCanvas) {
        let width = shape.widest * height
        let middle = foot + ScenePoint(-lighting.direction.x * width * 0.9, 0)
        let radii = ScenePoint(width * 1.7, width * (0.3 + shape.flattening * 0.8))
        let darkness = lighting.shadow * (isGlass ? 0.6 : 1)
        let caustic: Float = isGlass ? lighting.shadow * 0.5 : 0
        canvas.update(around: middle, reach: width * 1.8) { point, color, _ in
            let away = length((point - middle) / radii)
            let shade = 1 - darkness * smoothstep(1, 0.2, away)
            color *= shade + caustic * smoothstep(0.45, 0.1, away)
        }
    }

    private func drawOpaque(_ texture: SurfaceTexture, gloss: Float, on canvas: inout SceneCanvas) {
        let pixel = canvas.pixel
        canvas.update(around: center, reach: reach + pixel) { point, color, pixelClass in
            let place = local(point)
            let coverage = clamp01(0.5 - shape.distance(place) * height / pixel)
            guard coverage > 0 else { return }
            let (y, normal) = shape.front(place)
            // The pattern runs around the body.
            let around = ScenePoint(normal.x * (1.2 - 0.2 * normal.z) * shape.widest, y) * height
            var painted = texture.color(at: around + 3, pixel: pixel) * lighting.diffuse(normal)
            if y < 0, shape.kind.isOpen {
                // The far inside, seen through the opening.
                painted *= 0.55
            } else {
                let edge = 1 - normal.z
                let mirror = gloss * (0.06 + 0.6 * edge * edge * edge * edge)
                painted = mix(painted, lighting.surroundings(normal), mirror)
                painted += gloss * lighting.highlight(normal)
            }
            painted += rimLight(place, normal: normal, pixel: pixel) * (0.3 + 0.3 * gloss)
            SceneCanvas.lay(painted, coverage: coverage, index: 0, on: &color, &pixelClass)
        }
    }

    /// The light on an open vessel's lip: from -1 (dark) to 1 (bright), 0 away from it.
    @inline(__always)
    func rimLight(_ place: ScenePoint, normal: SIMD3<Float>, pixel: Float) -> Float {
        guard shape.kind.isOpen, place.y < 0.2 else { return 0 }
        let thickness = max(0.012 * height, 0.6 * pixel)
        let away = abs(shape.distance(place, toCircleAt: 0) * height + thickness) - thickness
        let isFront: Float = place.y > 0 ? 1 : 0.6
        let side = place.x / shape.halfWidth(0) * lighting.direction.x
        return clamp01(0.5 - away / pixel) * isFront * (0.45 + 0.55 * side)
    }
}
