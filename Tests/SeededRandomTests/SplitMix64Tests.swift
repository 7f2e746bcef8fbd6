import Testing

@testable import SeededRandom

struct SplitMix64Tests {
    /// The first numbers of Vigna's `splitmix64.c` from the seed 1234567.
    @Test func equalsTheReference() {
        var generator = SplitMix64(seed: 1_234_567)
        let numbers = (0..<3).map { _ in generator.next() }
        #expect(numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    @Test func streamsOfASeedDiffer() {
        var (first, second) = (SplitMix64(seed: 7, stream: 0), SplitMix64(seed: 7, stream: 1))
        #expect(first.next() != second.next())
    }

    @Test func numbersBelowABoundReachAllOfThem() {
        var generator = SplitMix64(seed: 3)
        #expect(Set((0..<200).map { _ in generator.next(below: 5) }) == [0, 1, 2, 3, 4])
    }

    @Test func keysAndTheirOrderDecide() {
        var (one, same, other) = (KeyedRandom(keys: 1, 2), KeyedRandom(keys: 1, 2), KeyedRandom(keys: 2, 1))
        let number = one.next()
        #expect(number == same.next())
        #expect(number != other.next())
    }
}
