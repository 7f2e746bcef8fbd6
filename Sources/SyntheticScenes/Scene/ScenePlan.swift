import SeededRandom
import SegmentationMetrics
import TransparencyData

/// What is in a scene and where: all that chance decides, but the camera's noise.
struct ScenePlan: Sendable {
    let backdrop: Backdrop
    /// From back to front.
    private(set) var items: [any SceneItem] = []
    let camera: SceneCamera

    private let isHard: Bool
    private let lighting: SceneLighting
    /// How far one looks down on all vessels.
    private let flattening: Float
    private let photographs: Photographs?
    /// Whether glass takes much of the picture, as in most photographs of it.
    private let isLarge: Bool

    init(_ random: inout KeyedRandom, difficulty: Difficulty, photographs: Photographs?) {
        self.photographs = photographs
        isHard = difficulty == .hard
        lighting = SceneLighting(&random)
        flattening = random.uniform(photographs == nil ? 0.04...0.3 : 0.04...0.45)
        let contrast = random.uniform(isHard ? 0.15...0.6 : 0.4...1)
        backdrop = Backdrop(&random, lighting: lighting, contrast: contrast, photographs: photographs)
        camera = SceneCamera(&random, isHard: isHard)
        isLarge = photographs != nil && random.chance(0.75)
        addItems(&random)
    }

    private mutating func addItems(_ random: inout KeyedRandom) {
        let hasGlass = !random.chance(0.09)
        let kind = random.uniform(0...1)
        let hasPanes = hasGlass && kind > 0.6
        let hasVessels = hasGlass && (kind < 0.62 || random.chance(0.2))
        var vessels: [Vessel] = []
        if hasPanes {
            for _ in 0..<(random.chance(isHard ? 0.35 : 0.15) ? 2 : 1) { items.append(panel(&random, isGlass: true)) }
        }
        if hasVessels {
            let count = random.pick(1, 1, 2, isHard ? 3 : 2)
            for _ in 0..<count { vessels.append(vessel(&random, isGlass: true)) }
        }
        // Look-alikes; more where there is no glass, so that an empty-looking scene tells nothing.
        let distractorCount = random.count(isHard ? 2...4 : 0...2) + (hasGlass ? 0 : 1)
        for _ in 0..<distractorCount {
            if random.chance(0.6) {
                vessels.append(vessel(&random, isGlass: false))
            } else {
                items.insert(panel(&random, isGlass: false), at: random.count(0...items.count))
            }
        }
        vessels.sort { $0.foot.y < $1.foot.y }
        // Mostly before the panels; now and then a pane stands before everything.
        if random.chance(0.85) { items += vessels } else { items = vessels + items }
        addOccluders(&random, before: vessels)
    }

    /// Opaque things that hide a part of a vessel, or of whatever is there.
    private mutating func addOccluders(_ random: inout KeyedRandom, before vessels: [Vessel]) {
        guard random.chance(isHard ? 0.75 : 0.3) else { return }
        for _ in 0..<random.count(1...(isHard ? 2 : 1)) {
            var center = random.point(0.1...0.9)
            var half = random.point(0.03...0.12)
            if let target = vessels.randomElement(using: &random) {
                half *= target.height * 1.6
                let width = target.shape.widest * target.height
                center = target.center
                center += [random.sign() * (width * 0.5 + half.x * 0.7), random.uniform(-0.1...0.45) * target.height]
            }
            items.append(
                Slab(
                    &random, lighting: lighting, center: center, half: half,
                    angle: random.chance(0.5) ? 0 : random.uniform(-1...1), texture: photographed(&random, chance: 0.4))
            )
        }
    }

    /// 0.1…1: how plainly glass shows itself.
    private func clarity(_ random: inout KeyedRandom) -> Float { random.uniform(isHard ? 0.15...0.7 : 0.65...1) }

    private func vessel(_ random: inout KeyedRandom, isGlass: Bool) -> Vessel {
        let kinds = VesselShape.Kind.allCases
        let kind = kinds[random.count(0...kinds.count - 1)]
        let shape = VesselShape(kind, flattening: flattening, stretch: random.uniform(0.85...1.2))
        // Wide ones are lower, so that no vessel outgrows the picture.
        let room = min(1, (isLarge ? 0.95 : 0.62) / (2 * shape.widest))
        let heights: ClosedRange<Float> = isLarge ? (isHard ? 0.4...0.8 : 0.55...1) : isHard ? 0.22...0.5 : 0.5...0.88
        let height = random.uniform(heights) * room * (isGlass ? 1 : 0.85)
        let hasFloor = backdrop.horizon < 1
        let isLying = random.chance(0.06)
        let lowest = hasFloor ? max(backdrop.horizon + 0.06, height * 0.8) : height * 0.9
        let foot = ScenePoint(
            random.uniform(isLarge ? 0.25...0.75 : 0.15...0.85),
            random.uniform(min(lowest, 0.95)...(isLarge ? 1.05 : 0.97)))
        let lean = isLying ? random.uniform(-1.7...1.7) : random.uniform(-0.03...0.03)
        let material: Vessel.Material =
            isGlass
            ? .glass(
                GlassMaterial(
                    &random, clarity: clarity(&random), isMassive: kind == .sphere && random.chance(0.7)))
            : .opaque(
                photographed(&random, chance: 0.5)
                    ?? SurfaceTexture(
                        &random, kind: random.pick(.gradient, .gradient, .stripes, .marble, .clouds, .weave),
                        contrast: 0.5),
                gloss: random.chance(0.75) ? random.uniform(0.4...1) : 0.1)
        return Vessel(
            shape: shape, foot: foot, height: height, lean: turn(lean), material: material, lighting: lighting,
            depth: random.uniform(0.9...2.6), isStanding: hasFloor && !isLying)
    }

    private func panel(_ random: inout KeyedRandom, isGlass: Bool) -> Panel {
        let fillsPicture = isLarge && random.chance(isGlass ? 1 : 0.3)
        let isDoor = random.chance(0.4)
        let area = random.uniform(fillsPicture ? 0.65...1.15 : isHard ? 0.22...0.42 : 0.45...0.8)
        let width = fillsPicture ? 0.6...0.95 : Float(0.5)...0.65
        let size =
            isDoor ? ScenePoint(area * random.uniform(width), area * 1.15) : random.point(0.8...1.2) * area
        // Doors stand on the floor, windows hang on the wall.
        let y =
            isDoor && backdrop.horizon < 1 && !fillsPicture
            ? backdrop.horizon + 0.05 - size.y * 0.46 : random.uniform(fillsPicture ? 0.4...0.6 : 0.3...0.6)
        let hasFrame = isDoor || random.chance(isGlass ? 0.7 : 0.8)
        let filling =
            isGlass
            ? .glass(paneGlass(&random)) : lookAlikeFilling(&random, hasFrame: hasFrame)
        let isLight = if case .light = filling { true } else { false }
        return Panel(
            outline: PanelOutline(
                center: [random.uniform(fillsPicture ? 0.4...0.6 : 0.25...0.75), max(y, 0.2)], size: size,
                perspective: random.chance(0.5) ? random.uniform(-0.4...0.4) : 0,
                turn: turn(isLight ? random.uniform(-0.5...0.5) : random.uniform(-0.03...0.03))),
            frame: hasFrame && !isLight ? random.uniform(0.012...0.04) * (0.6 + area) : 0,
            frameColor: random.color(value: 0.12...0.95, saturation: 0...0.6),
            paneCounts: (random.pick(1, 1, 2), random.pick(1, 1, 2, 3)), hasHandle: isDoor, filling: filling,
            lighting: lighting)
    }

    private func paneGlass(_ random: inout KeyedRandom) -> PaneGlass {
        var glass = PaneGlass(&random, clarity: clarity(&random))
        guard let photographs else { return glass }
        // Through a window one sees another place than the wall around it.
        if random.chance(0.5) { glass.view = PhotographCrop(&random, of: photographs, share: 0.35...1) }
        if random.chance(0.6) { glass.mirrored = PhotographCrop(&random, of: photographs, share: 0.35...1) }
        return glass
    }

    /// A part of a photograph as the paint of something; nil for a drawn pattern.
    private func photographed(_ random: inout KeyedRandom, chance: Float) -> SurfaceTexture? {
        guard let photographs, random.chance(chance) else { return nil }
        var texture = SurfaceTexture(&random, contrast: 0.5)
        texture.photograph = PhotographCrop(&random, of: photographs, share: 0.15...1)
        return texture
    }

    private func lookAlikeFilling(_ random: inout KeyedRandom, hasFrame: Bool) -> Panel.Filling {
        let kind = random.uniform(0...1)
        if kind < 0.35, hasFrame { return .nothing }
        if kind > 0.8 { return .light(random.color(value: 0.6...1.5, saturation: 0...0.2)) }
        let pattern = random.pick(SurfaceTexture.Kind.gradient, .clouds, .patches)
        let paint =
            photographed(&random, chance: 0.6)
            ?? SurfaceTexture(&random, kind: pattern, contrast: 0.5, scale: 1...4)
        return .paint(paint, gloss: random.uniform(0...0.5))
    }
}
