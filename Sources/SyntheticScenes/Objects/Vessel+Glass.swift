import TransparencyData

extension Vessel {
    /// The three kinds of section that a vessel has from top to foot.
    private struct Sections {
        let empty: OpticalSection
        let filled: OpticalSection
        let massive: OpticalSection

        init(_ glass: GlassMaterial) {
            let section = { (radius: Float, index: Float, filling: SceneColor) in
                OpticalSection(
                    innerRadius: radius, innerIndex: index, glassIndex: glass.glassIndex, glass: glass.tint,
                    filling: filling)
            }
            empty = section(glass.innerRadius, 1, .zero)
            filled = section(glass.innerRadius, 1.33, glass.filling)
            massive = section(0, 1, .zero)
        }
    }

    func drawGlass(_ glass: GlassMaterial, on canvas: inout SceneCanvas) {
        let sections = Sections(glass)
        let behind = canvas
        let pixel = canvas.pixel
        let hollow = shape.kind.hollow
        let level = hollow.lowerBound + (hollow.upperBound - hollow.lowerBound) * glass.level
        canvas.update(around: center, reach: reach + pixel) { point, color, pixelClass in
            let place = local(point)
            let coverage = clamp01(0.5 - shape.distance(place) * height / pixel)
            guard coverage > 0 else { return }
            let (y, normal) = shape.front(place)
            let section =
                !hollow.contains(max(y, 0)) ? sections.massive : y > level ? sections.filled : sections.empty
            let painted = through(
                section, at: point, place: place, y: y, normal: normal, glass: glass, behind: behind)
            let finished = liquidSurface(painted, place: place, level: level, glass: glass, pixel: pixel)
            let rim = rimLight(place, normal: normal, pixel: pixel) * glass.polish * 0.7
            SceneCanvas.lay(finished + rim, coverage: coverage, index: 1, on: &color, &pixelClass)
        }
    }

    /// What is seen through and in the glass at one pixel.
    @inline(__always)
    private func through(
        _ section: OpticalSection, at point: ScenePoint, place: ScenePoint, y: Float, normal: SIMD3<Float>,
        glass: GlassMaterial, behind: SceneCanvas
    ) -> SceneColor {
        let sideways = ScenePoint(normal.x, normal.y)
        let away = length(sideways)
        let optics = section.at(away)
        let unevenness = ScenePoint(
            valueNoise(place * 14, seed: glass.seed) - 0.5, valueNoise(place * 14 + 40, seed: glass.seed) - 0.5)
        // The ray goes on beyond the glass until it meets the background; near the axis it is hardly turned.
        let shift = sideways / max(away, 1e-3) * (-optics.bend * depth * shape.widest) + unevenness * glass.ripple * 4
        let seen = behind.sample(point + rotate(shift, lean) * height)
        let isOpening = y < 0 && shape.kind.isOpen
        // Through the opening light crosses the far wall only.
        let transmission = isOpening ? mix(.one, optics.transmission, 0.5) : optics.transmission
        // The wall itself is dark where light would have to come from the side.
        let dark = 1 - 0.45 * glass.polish * smoothstep(0.82, 0.99, away)
        let reflection = optics.reflection * glass.polish * (isOpening ? 0.5 : 1)
        var color = mix(seen * transmission * dark, lighting.surroundings(normal), reflection)
        // The lamps once in the near wall and, upside down and weaker, in the far one.
        let far = SIMD3(-normal.x, -normal.y, normal.z)
        color += glass.polish * ((isOpening ? 0 : 1) * lighting.highlight(normal) + 0.3 * lighting.highlight(far))
        return color
    }

    /// The top of a filling: a flattened disc that mirrors some light, with a darker edge.
    @inline(__always)
    private func liquidSurface(
        _ color: SceneColor, place: ScenePoint, level: Float, glass: GlassMaterial, pixel: Float
    ) -> SceneColor {
        guard level < 1, shape.flattening > 0 else { return color }
        let distance = shape.distance(place, toCircleAt: level, shrink: glass.innerRadius) * height
        let inside = clamp01(0.5 - distance / pixel)
        guard inside > 0 else { return color }
        let edge = smoothstep(-2.5 * pixel, 0, distance)
        return mix(color, lighting.above * 0.9, inside * glass.polish * 0.22) * (1 - 0.3 * edge * inside)
    }
}
