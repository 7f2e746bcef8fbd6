import TransparencyData

/// A window, door or sheet: a frame, mostly, around glass (class stuff), around nothing, or around paint.
struct Panel: SceneItem {
    enum Filling: Sendable {
        case glass(PaneGlass)
        case nothing
        /// Glossy when `gloss` is above 0, as a poster or a mirror of plain paint is.
        case paint(SurfaceTexture, gloss: Float)
        /// Sunlight on what is behind: brighter or darker by this factor, but not moved.
        case light(SceneColor)
    }

    let outline: PanelOutline
    /// Width of the frame, 0 for none.
    let frame: Float
    let frameColor: SceneColor
    /// Panes from left to right and from top to bottom.
    let paneCounts: (across: Int, down: Int)
    let hasHandle: Bool
    let filling: Filling
    let lighting: SceneLighting

    var isGlass: Bool {
        if case .glass = filling { true } else { false }
    }

    func draw(on canvas: inout SceneCanvas) {
        let behind = canvas
        let pixel = canvas.pixel
        canvas.update(around: outline.center, reach: outline.reach + pixel) { point, color, pixelClass in
            let place = outline.place(point)
            let coverage = clamp01(0.5 + place.inside / pixel)
            guard coverage > 0 else { return }
            let wood = frameDistance(place)
            let opening = clamp01(0.5 + wood / pixel)
            var painted = color
            if opening > 0 {
                // The frame shades the edge of what it holds.
                let shade = frame > 0 ? 1 - 0.25 * smoothstep(0.02, 0, wood) : 1
                painted = fill(at: point, place: place, color: color, behind: behind) * shade
                if frame == 0, covers {
                    // The polished or cut edge of a bare sheet.
                    painted = mix(painted, frameColor, 0.6 * smoothstep(0.006 + pixel, 0.004, place.inside))
                }
            }
            if opening < 1 { painted = mix(frameShade(place, wood), painted, opening) }
            let isPane = isGlass && opening >= 0.5
            // Where there is nothing to see but what is behind, its class stays.
            let keepsClass = opening >= 0.5 && !covers
            SceneCanvas.lay(
                painted, coverage: coverage, index: keepsClass ? pixelClass : isPane ? 2 : 0, on: &color, &pixelClass)
        }
    }

    /// Whether the filling hides or changes what is behind it.
    private var covers: Bool {
        switch filling {
        case .glass, .paint: true
        case .nothing, .light: false
        }
    }

    /// How far a place is from the nearest part of the frame; negative on it.
    @inline(__always)
    private func frameDistance(_ place: PanelOutline.Place) -> Float {
        guard frame > 0 else { return 1 }
        var distance = place.inside - frame
        let bars = ScenePoint(Float(paneCounts.across), Float(paneCounts.down))
        let cells = place.uv * bars
        let nearest = cells.rounded(.toNearestOrAwayFromZero)
        let gap = (cells - nearest) / bars * place.size
        if nearest.x > 0.5, nearest.x < bars.x - 0.5 { distance = min(distance, abs(gap.x) - frame * 0.35) }
        if nearest.y > 0.5, nearest.y < bars.y - 0.5 { distance = min(distance, abs(gap.y) - frame * 0.35) }
        if hasHandle {
            let grip = ScenePoint(abs(place.uv.x - 0.86), abs(place.uv.y - 0.52)) * place.size
            distance = min(distance, max(grip.x - frame * 0.25, grip.y - place.size.y * 0.07))
        }
        return distance
    }

    /// The frame's color: lighter towards the lamp, darker at its inner edge.
    @inline(__always)
    private func frameShade(_ place: PanelOutline.Place, _ wood: Float) -> SceneColor {
        let round = clamp01(-wood / max(frame, 1e-4))
        let lit = (place.uv.x - 0.5) * lighting.direction.x - (place.uv.y - 0.5) * 0.6
        return frameColor * (0.7 + 0.35 * round + 0.25 * lit)
    }

    @inline(__always)
    private func fill(
        at point: ScenePoint, place: PanelOutline.Place, color: SceneColor, behind: SceneCanvas
    ) -> SceneColor {
        switch filling {
        case .glass(let glass):
            return glass.color(at: point, place: place, lighting: lighting, behind: behind)
        case .nothing:
            return color
        case .paint(let texture, let gloss):
            let painted = texture.color(at: place.uv * outline.size, pixel: behind.pixel)
            return painted * (1.1 - 0.3 * place.uv.y) + gloss
                * sheetReflection(place.uv, lighting: lighting, seed: texture.seed)
        case .light(let factor):
            return color * factor
        }
    }
}

/// The light that a polished sheet mirrors: slanting bands and, smaller, the lamps.
@inline(__always)
func sheetReflection(_ uv: ScenePoint, lighting: SceneLighting, seed: UInt32) -> Float {
    let slant = 0.3 + 0.6 * latticeValue(1, 2, seed)
    let along = uv.x + slant * uv.y
    let first = smoothstep(0.16, 0.08, abs(along - 0.3 - 0.8 * latticeValue(3, 4, seed)))
    let second = smoothstep(0.05, 0.02, abs(along - 0.6 - 0.8 * latticeValue(5, 6, seed)))
    let lamps = lighting.highlight([uv.x * 2 - 1, uv.y * 2 - 1, 0.5])
    return 0.4 * first + 0.25 * second + 0.4 * lamps
}
