/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a small generator whose numbers are the same on every machine.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    /// One of many streams of a seed.
    package init(seed: UInt64, stream: UInt64) {
        state = seed
        state = next() ^ stream
    }

    /// Begins a stream that follows from the state so far and a key.
    mutating func restart(with key: UInt64) {
        state ^= key
        state = next()
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// A number below `bound`; its bias is below `bound` / 2⁶⁴. Swift's own way may change with its version.
    package mutating func next(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// The generator's finaliser, a hash of one number in itself.
    @inlinable
    package static func mix(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
