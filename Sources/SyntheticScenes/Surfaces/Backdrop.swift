import SeededRandom
import TransparencyData

/// What is behind all things: a wall, mostly with a floor or table before it.
struct Backdrop: Sendable {
    let wall: SurfaceTexture
    let floor: SurfaceTexture
    /// The y of the wall's foot; 1.2 where no floor is seen.
    let horizon: Float
    /// Brightness from left to right and from top to bottom.
    let falloff: ScenePoint
    /// Boxes, books, boards and discs before the wall.
    let decoration: [Slab]

    /// `photographs` take the place of most walls, and of some floors.
    init(_ random: inout KeyedRandom, lighting: SceneLighting, contrast: Float, photographs: Photographs?) {
        // Some walls stay drawn, as in scenes without photographs.
        let photographs = photographs.flatMap { random.chance(0.75) ? $0 : nil }
        // A photograph needs no floor, and its things are not before it.
        let style = photographs == nil ? random.count(0...9) : random.pick(2, 2, 2, 3, 9)
        let hasFloor = style > 2
        horizon = hasFloor ? random.uniform(0.45...0.78) : 1.2
        var wall = SurfaceTexture(&random, contrast: contrast)
        var floor = SurfaceTexture(
            &random, kind: random.pick(.planks, .tiles, .gradient, .marble, .clouds, .weave), contrast: contrast * 0.8)
        falloff = random.point(-0.35...0.35)
        if let photographs {
            wall.photograph = PhotographCrop(&random, of: photographs, share: 0.35...1)
            if random.chance(0.5) { floor.photograph = PhotographCrop(&random, of: photographs, share: 0.1...0.3) }
        }
        (self.wall, self.floor) = (wall, floor)
        decoration =
            switch style {
            case 0: Self.clutter(&random, lighting, count: random.count(12...40), contrast: contrast)
            case 1, 7: Self.bokeh(&random, lighting)
            case 4, 5: Self.shelves(&random, lighting, foot: horizon, contrast: contrast)
            case 6: Self.clutter(&random, lighting, count: random.count(3...8), contrast: contrast)
            default: []
            }
    }

    func draw(on canvas: inout SceneCanvas) {
        let pixel = canvas.pixel
        canvas.update(around: [0.5, 0.5], reach: 1) { point, color, _ in
            let light = 1 + ((point - 0.5) * falloff).sum()
            guard point.y > horizon else {
                // The foot of the wall lies in the floor's shade.
                color =
                    wall.color(at: point, pixel: pixel) * (light * (1 - 0.25 * smoothstep(0.12, 0, horizon - point.y)))
                return
            }
            let depth = 0.35 / (point.y - horizon + 0.25)
            let place = ScenePoint((point.x - 0.5) * depth, depth * 1.6)
            color =
                floor.color(at: place, pixel: pixel * depth)
                * (light * (0.8 + 0.2 * smoothstep(0, 0.1, point.y - horizon)))
        }
        for slab in decoration { slab.draw(on: &canvas) }
    }

    private static func clutter(
        _ random: inout KeyedRandom, _ lighting: SceneLighting, count: Int, contrast: Float
    ) -> [Slab] {
        (0..<count).map { _ in
            Slab(
                &random, lighting: lighting, center: random.point(0...1), half: random.point(0.03...0.2),
                angle: random.uniform(-1.5...1.5), contrast: contrast)
        }
    }

    /// Lights far out of focus.
    private static func bokeh(_ random: inout KeyedRandom, _ lighting: SceneLighting) -> [Slab] {
        let radius = random.uniform(0.03...0.1)
        return (0..<random.count(15...45)).map { _ in
            let half = radius * random.uniform(0.6...1.3)
            return Slab(
                light: random.color(value: 0.5...1.2, saturation: 0...0.7), center: random.point(0...1), half: half,
                softness: half * random.uniform(0.1...0.5), opacity: random.uniform(0.25...0.8), lighting: lighting)
        }
    }

    /// Boards with books and boxes on them.
    private static func shelves(
        _ random: inout KeyedRandom, _ lighting: SceneLighting, foot: Float, contrast: Float
    ) -> [Slab] {
        var slabs: [Slab] = []
        let step = random.uniform(0.2...0.34)
        let wood = SurfaceTexture(&random, kind: .planks, contrast: 0.4)
        var board = foot - random.uniform(0.03...0.15)
        while board > -0.05 {
            var x = random.uniform(-0.1...0.1)
            while x < 1 {
                let width = random.uniform(0.015...0.06)
                let height = step * random.uniform(0.3...0.42)
                slabs.append(
                    Slab(
                        &random, lighting: lighting, center: [x + width, board - height], half: [width, height],
                        angle: 0, contrast: contrast))
                x += 2 * width + (random.chance(0.2) ? random.uniform(0.05...0.3) : 0.002)
            }
            slabs.append(
                Slab(&random, lighting: lighting, center: [0.5, board + 0.012], half: [0.7, 0.012], texture: wood))
            board -= step
        }
        return slabs
    }
}
