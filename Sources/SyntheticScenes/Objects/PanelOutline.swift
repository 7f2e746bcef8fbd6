import TransparencyData

/// A rectangle seen at an angle: two upright edges of different length, the whole turned a little.
struct PanelOutline: Sendable {
    let center: ScenePoint
    let size: ScenePoint
    /// How much longer the right edge is than the left, as a share of their mean.
    let perspective: Float
    let turn: ScenePoint

    /// A place in the picture as the panel sees it.
    struct Place {
        /// 0…1 from left to right and from top to bottom.
        let uv: ScenePoint
        /// How far the edge is away, negative outside.
        let inside: Float
        /// Sides of the panel here, in the picture.
        let size: ScenePoint
    }

    /// A radius around the center that holds it.
    var reach: Float { length(size * ScenePoint(1, 1 + abs(perspective) / 2)) / 2 }

    @inline(__always)
    func place(_ point: ScenePoint) -> Place {
        let local = rotate(point - center, ScenePoint(turn.x, -turn.y))
        let across = local.x / size.x + 0.5
        let (left, right) = (1 - perspective / 2, 1 + perspective / 2)
        let height = size.y * (left + (right - left) * min(max(across, -0.2), 1.2))
        let down = local.y / height + 0.5
        let inside = min(min(across, 1 - across) * size.x, min(down, 1 - down) * height)
        // Farther parts are shorter: the correction of perspective texturing.
        let weight = (1 - across) * left + across * right
        return Place(
            uv: ScenePoint(across * right / max(weight, 1e-3), down), inside: inside, size: ScenePoint(size.x, height))
    }
}
