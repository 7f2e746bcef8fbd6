import SeededRandom

/// Seeds of the draws from the posteriors of one sample: a function of the run's seed and of the sample's position alone, so that they are the
/// same in whatever batch and process it is.
struct DrawSeeds: Sendable, Equatable {
    let picture: UInt32
    let mask: UInt32

    init(seed: UInt64, position: Int) {
        var random = KeyedRandom(keys: seed, UInt64(position))
        func next() -> UInt32 { UInt32(truncatingIfNeeded: random.next() >> 32) }
        (picture, mask) = (next(), next())
    }
}
