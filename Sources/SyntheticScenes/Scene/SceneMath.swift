import Foundation
import TransparencyData

/// A place in the picture: x to the right, y down, both 0…1 over the picture whatever its size.
typealias ScenePoint = SIMD2<Float>

/// Red, green and blue as displayed, 0…1; lights may exceed 1 until the camera clips them.
typealias SceneColor = SIMD3<Float>

@inline(__always)
func mix(_ a: SceneColor, _ b: SceneColor, _ share: Float) -> SceneColor { a + (b - a) * share }

@inline(__always)
func clamp01(_ value: Float) -> Float { min(max(value, 0), 1) }

/// 0 below `low`, 1 above `high`, smooth between.
@inline(__always)
func smoothstep(_ low: Float, _ high: Float, _ value: Float) -> Float {
    let share = clamp01((value - low) / (high - low))
    return share * share * (3 - 2 * share)
}

@inline(__always)
func length(_ point: ScenePoint) -> Float { (point * point).sum().squareRoot() }

/// `point` turned by an angle whose cosine and sine are `turn`.
@inline(__always)
func rotate(_ point: ScenePoint, _ turn: ScenePoint) -> ScenePoint {
    ScenePoint(point.x * turn.x - point.y * turn.y, point.x * turn.y + point.y * turn.x)
}

/// Cosine and sine.
func turn(_ angle: Float) -> ScenePoint { ScenePoint(cos(angle), sin(angle)) }

/// Value noise 0…1: random values at whole coordinates, smooth between.
@inline(__always)
func valueNoise(_ point: ScenePoint, seed: UInt32) -> Float {
    let corner = point.rounded(.down)
    let (x, y) = (Int32(corner.x), Int32(corner.y))
    let share = point - corner
    let smooth = share * share * (ScenePoint(3, 3) - 2 * share)
    let top = latticeValue(x, y, seed) * (1 - smooth.x) + latticeValue(x &+ 1, y, seed) * smooth.x
    let bottom = latticeValue(x, y &+ 1, seed) * (1 - smooth.x) + latticeValue(x &+ 1, y &+ 1, seed) * smooth.x
    return top * (1 - smooth.y) + bottom * smooth.y
}

/// The random value 0…1 that belongs to a pair of whole numbers.
@inline(__always)
func latticeValue(_ x: Int32, _ y: Int32, _ seed: UInt32) -> Float {
    var bits = UInt32(bitPattern: x) &* 0x9E37_79B1 ^ UInt32(bitPattern: y) &* 0x85EB_CA77 ^ seed
    bits = (bits ^ (bits >> 15)) &* 0x2C1B_3C6D
    bits = (bits ^ (bits >> 12)) &* 0x297A_2D39
    return Float((bits ^ (bits >> 15)) >> 8) * 0x1p-24
}

/// Several octaves of value noise, 0…1.
func cloudNoise(_ point: ScenePoint, seed: UInt32, octaves: Int = 4) -> Float {
    var (sum, weight, total): (Float, Float, Float) = (0, 1, 0)
    var position = point
    for octave in 0..<octaves {
        sum += valueNoise(position, seed: seed &+ UInt32(octave) &* 7919) * weight
        total += weight
        weight *= 0.5
        position = position * 2.03 + ScenePoint(17.1, 3.7)
    }
    return sum / total
}
