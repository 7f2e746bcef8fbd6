/// Random numbers that are a function of a few keys: SplitMix64, the same on every machine.
struct KeyedRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A stream that is unlike that of any other combination of `keys`.
    init(keys: UInt64...) {
        state = 0x5CE4_E5D0_6A09_E667
        for key in keys {
            state ^= key
            state = next()
        }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    mutating func uniform(_ range: ClosedRange<Float>) -> Float {
        let unit = Float(next() >> 40) * 0x1p-24
        return range.lowerBound + (range.upperBound - range.lowerBound) * unit
    }

    mutating func count(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    mutating func chance(_ probability: Float) -> Bool { uniform(0...1) < probability }

    mutating func sign() -> Float { chance(0.5) ? 1 : -1 }

    /// One of two or more values.
    mutating func pick<Value>(_ first: Value, _ others: Value...) -> Value {
        let index = count(0...others.count)
        return index == 0 ? first : others[index - 1]
    }

    /// A number close to normally distributed, mean 0, standard deviation 1: the sum of four 16-bit uniforms.
    mutating func normal() -> Float {
        let bits = next()
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return (Float(sum) - 131_070) * 2.643e-5
    }
}
