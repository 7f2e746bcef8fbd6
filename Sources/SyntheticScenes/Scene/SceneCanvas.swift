import TransparencyData

/// A picture being painted, back to front, with the class of what is foremost at each pixel.
struct SceneCanvas {
    /// Pixels per side.
    let size: Int
    private(set) var colors: [SceneColor]
    /// 0 background, 1 things, 2 stuff.
    private(set) var classes: [UInt8]

    init(size: Int) {
        self.size = size
        colors = Array(repeating: .zero, count: size * size)
        classes = Array(repeating: 0, count: size * size)
    }

    /// The side of a pixel.
    var pixel: Float { 1 / Float(size) }

    /// The color at a place, bilinear, mirrored beyond the edges.
    @inline(__always)
    func sample(_ point: ScenePoint) -> SceneColor {
        let place = point * Float(size) - ScenePoint(0.5, 0.5)
        let corner = place.rounded(.down)
        let share = place - corner
        let (x, y) = (Int(corner.x), Int(corner.y))
        let (left, right) = (mirrored(x), mirrored(x + 1))
        let (top, bottom) = (mirrored(y) * size, mirrored(y + 1) * size)
        return mix(
            mix(colors[top + left], colors[top + right], share.x),
            mix(colors[bottom + left], colors[bottom + right], share.x), share.y)
    }

    @inline(__always)
    private func mirrored(_ index: Int) -> Int {
        if index >= 0, index < size { return index }
        let wrapped = abs(index < 0 ? index + 1 : index) % (2 * size)
        return wrapped < size ? wrapped : 2 * size - 1 - wrapped
    }

    /// Changes color and class of the pixels in a box around `center`, one after the other.
    @inline(__always)
    mutating func update(
        around center: ScenePoint, reach: Float, _ body: (ScenePoint, inout SceneColor, inout UInt8) -> Void
    ) {
        let scale = Float(size)
        let bounds = { (middle: Float) in
            let first = Int(max(0, (middle - reach) * scale))
            return first..<max(first, Int(min(scale, (middle + reach) * scale + 1)))
        }
        for y in bounds(center.y) {
            for x in bounds(center.x) {
                let point = ScenePoint(Float(x) + 0.5, Float(y) + 0.5) / scale
                body(point, &colors[y * size + x], &classes[y * size + x])
            }
        }
    }

    /// Lays a color over a pixel by `coverage`, 0…1; where that is at least a half the pixel is of class `index`.
    @inline(__always)
    static func lay(
        _ painted: SceneColor, coverage: Float, index: UInt8, on color: inout SceneColor, _ pixelClass: inout UInt8
    ) {
        color = mix(color, painted, coverage)
        if coverage >= 0.5 { pixelClass = index }
    }
}

/// Something that is painted over what is behind it.
protocol SceneItem: Sendable {
    /// Whether it is of a class other than background.
    var isGlass: Bool { get }
    func draw(on canvas: inout SceneCanvas)
}
