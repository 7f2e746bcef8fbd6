/// Draws that are a function of a few keys, the same on every machine.
package struct KeyedRandom: RandomNumberGenerator, Sendable {
    private var generator = SplitMix64(seed: 0x5CE4_E5D0_6A09_E667)

    /// A stream that is unlike that of any other combination of `keys`.
    package init(keys: UInt64...) {
        for key in keys { generator.restart(with: key) }
    }

    package mutating func next() -> UInt64 { generator.next() }

    package mutating func uniform(_ range: ClosedRange<Float>) -> Float {
        let unit = Float(next() >> 40) * 0x1p-24
        return range.lowerBound + (range.upperBound - range.lowerBound) * unit
    }

    package mutating func count(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    package mutating func chance(_ probability: Float) -> Bool { uniform(0...1) < probability }

    package mutating func sign() -> Float { chance(0.5) ? 1 : -1 }

    /// One of two or more values.
    package mutating func pick<Value>(_ first: Value, _ others: Value...) -> Value {
        let index = count(0...others.count)
        return index == 0 ? first : others[index - 1]
    }

    /// A number close to normally distributed, mean 0, standard deviation 1: the sum of four 16-bit uniforms.
    package mutating func normal() -> Float {
        let bits = next()
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return (Float(sum) - 131_070) * 2.643e-5
    }
}
