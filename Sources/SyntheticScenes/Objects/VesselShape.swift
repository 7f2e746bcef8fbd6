import TransparencyData

/// The outline of a bottle, tumbler, wine glass or ball: a body of revolution with an upright axis.
///
/// Lengths are in units of its height; y is 0 at the top and 1 at the foot, x is 0 on the axis.
struct VesselShape: Sendable {
    enum Kind: CaseIterable, Sendable {
        case wineBottle, waterBottle, flask, jar, vase, tumbler, beaker, wineGlass, flute, bowl, sphere

        /// Half widths from top to foot, as (y, half width).
        fileprivate var profile: [ScenePoint] {
            switch self {
            case .wineBottle:
                [
                    [0, 0.047], [0.03, 0.05], [0.06, 0.042], [0.3, 0.045], [0.42, 0.115], [0.5, 0.135], [0.97, 0.135],
                    [1, 0.12],
                ]
            case .waterBottle:
                [
                    [0, 0.06], [0.06, 0.06], [0.1, 0.055], [0.2, 0.09], [0.32, 0.15], [0.55, 0.14], [0.9, 0.155],
                    [1, 0.13],
                ]
            case .flask:
                [[0, 0.09], [0.04, 0.07], [0.3, 0.07], [0.55, 0.2], [0.85, 0.38], [0.95, 0.4], [1, 0.36]]
            case .jar: [[0, 0.25], [0.08, 0.26], [0.12, 0.24], [0.22, 0.33], [0.93, 0.34], [1, 0.3]]
            case .vase: [[0, 0.2], [0.1, 0.15], [0.3, 0.13], [0.65, 0.25], [0.85, 0.22], [1, 0.15]]
            case .tumbler: [[0, 0.36], [0.5, 0.33], [1, 0.29]]
            case .beaker: [[0, 0.25], [0.5, 0.225], [1, 0.2]]
            case .wineGlass:
                [
                    [0, 0.17], [0.18, 0.215], [0.35, 0.17], [0.47, 0.04], [0.53, 0.016], [0.9, 0.017], [0.965, 0.05],
                    [1, 0.2],
                ]
            case .flute:
                [[0, 0.1], [0.3, 0.115], [0.55, 0.07], [0.65, 0.015], [0.93, 0.014], [0.975, 0.04], [1, 0.16]]
            case .bowl: [[0, 0.75], [0.4, 0.66], [0.8, 0.42], [1, 0.27]]
            case .sphere: []
            }
        }

        /// From where to where the vessel is hollow; a sphere may be massive.
        var hollow: ClosedRange<Float> {
            switch self {
            case .wineGlass: 0...0.44
            case .flute: 0...0.6
            case .tumbler: 0...0.88
            case .beaker, .bowl: 0...0.93
            case .sphere: 0...1
            default: 0...0.96
            }
        }

        /// Whether one looks into it from above.
        var isOpen: Bool { ![.sphere, .wineBottle, .waterBottle].contains(self) }
    }

    let kind: Kind
    /// The widest half width.
    let widest: Float
    /// How far circles around the axis are flattened: the sine of the angle from which one looks down.
    let flattening: Float
    private let halfWidths: [Float]

    private static let stepCount = 256

    /// `stretch` makes it wider than its kind usually is.
    init(_ kind: Kind, flattening: Float, stretch: Float) {
        self.kind = kind
        self.flattening = kind == .sphere ? 0 : flattening
        let heights = (0...Self.stepCount).map { Float($0) / Float(Self.stepCount) }
        if kind == .sphere {
            halfWidths = heights.map { max(0, 0.25 - ($0 - 0.5) * ($0 - 0.5)).squareRoot() }
        } else {
            let profile = kind.profile
            halfWidths = heights.map { interpolate(profile, at: $0) * stretch }
        }
        widest = halfWidths.max() ?? 0.5
    }

    /// The half width at a height, the ends' beyond them.
    @inline(__always)
    func halfWidth(_ y: Float) -> Float {
        let place = clamp01(y) * Float(Self.stepCount)
        let index = min(Int(place), Self.stepCount - 1)
        return halfWidths[index] + (halfWidths[index + 1] - halfWidths[index]) * (place - Float(index))
    }

    /// How fast the half width grows downwards.
    @inline(__always)
    func slope(_ y: Float) -> Float {
        let step = 1.5 / Float(Self.stepCount)
        return min(max((halfWidth(y + step) - halfWidth(y - step)) / (2 * step), -4), 4)
    }

    /// How far a place is outside the outline (negative inside), nearly.
    @inline(__always)
    func distance(_ place: ScenePoint) -> Float {
        if kind == .sphere { return length(place - ScenePoint(0, 0.5)) - 0.5 }
        let slope = slope(place.y)
        let side = (abs(place.x) - halfWidth(place.y)) / (1 + slope * slope).squareRoot()
        let body = max(side, max(-place.y, place.y - 1))
        return min(body, min(distance(place, toCircleAt: 0), distance(place, toCircleAt: 1)))
    }

    /// How far a place is outside the flattened circle around the axis at a height.
    @inline(__always)
    func distance(_ place: ScenePoint, toCircleAt y: Float, shrink: Float = 1) -> Float {
        let radius = halfWidth(y) * shrink
        let radii = ScenePoint(radius, max(radius * flattening, 1e-4))
        let scaled = (place - ScenePoint(0, y)) / radii
        let reach = length(scaled)
        return reach * (reach - 1) / max(length(scaled / radii), 1e-4)
    }

    /// The point of the front that is seen at a place: its height, and its normal (right, down, to the viewer).
    ///
    /// A height below 0 is in the opening, where only the back is seen.
    @inline(__always)
    func front(_ place: ScenePoint) -> (y: Float, normal: SIMD3<Float>) {
        let near = halfWidth(place.y)
        let across = place.x / max(near, 1e-4)
        let y = place.y - flattening * near * max(0, 1 - across * across).squareRoot()
        let x = min(max(place.x / max(halfWidth(y), 1e-4), -0.995), 0.995)
        let slope = slope(y)
        let scale = 1 / (1 + slope * slope).squareRoot()
        return (y, SIMD3(x, -slope, (1 - x * x).squareRoot()) * scale)
    }
}

/// A smooth curve through points, without overshoot (Fritsch and Carlson's monotone cubic).
private func interpolate(_ points: [ScenePoint], at x: Float) -> Float {
    let last = points.count - 1
    let index = max(1, points.firstIndex { $0.x >= x } ?? last)
    let secant = { (end: Int) in (points[end].y - points[end - 1].y) / (points[end].x - points[end - 1].x) }
    let tangent = { (at: Int) -> Float in
        if at == 0 { return secant(1) }
        if at == last { return secant(last) }
        let (before, after) = (secant(at), secant(at + 1))
        return before * after <= 0 ? 0 : 2 * before * after / (before + after)
    }
    let (start, end) = (points[index - 1], points[index])
    let width = end.x - start.x
    let t = (x - start.x) / width
    let (square, cube) = (t * t, t * t * t)
    return start.y * (2 * cube - 3 * square + 1) + tangent(index - 1) * width * (cube - 2 * square + t)
        + end.y * (3 * square - 2 * cube) + tangent(index) * width * (cube - square)
}
