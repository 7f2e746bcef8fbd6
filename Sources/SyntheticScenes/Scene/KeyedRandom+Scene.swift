import SeededRandom
import TransparencyData

extension KeyedRandom {
    mutating func point(_ range: ClosedRange<Float>) -> ScenePoint {
        ScenePoint(uniform(range), uniform(range))
    }

    /// Any color of the given brightness and saturation, both 0 to 1.
    mutating func color(value: ClosedRange<Float>, saturation: ClosedRange<Float>) -> SceneColor {
        let hue = uniform(0...6)
        let chroma = SceneColor(abs(hue - 3) - 1, 2 - abs(hue - 2), 2 - abs(hue - 4)).clamped(
            lowerBound: .zero, upperBound: .one)
        return (.one + (chroma - .one) * uniform(saturation)) * uniform(value)
    }
}
