/// What numbers of people and of files may be, one range a kind. Products of as many as belong together stay within 64 bits, so that
/// arithmetic on them cannot trap; whether the memory is there is another question.
package enum NumberBounds {
    /// Pixels of a side.
    package static let side = 1...65_536
    /// Pictures of one pass, and of one pass of training.
    package static let batch = 1...1024
    package static let trainBatch = 1...4096
    package static let passes = 1...1_000_000
    package static let threads = 1...1024
    /// Pictures that are read at once; 0 is 1.
    package static let workers = 0...1024
    package static let updates = 1...1_000_000_000
    package static let epochs = 1...1_000_000
    /// Pictures of a data set, files that are kept.
    package static let count = 0...10_000_000
    /// Layers of a model, or of a part of it.
    package static let layers = 1...1024
    /// Channels, heads, tokens' width, ranks.
    package static let width = 1...65_536
    /// A side of the square of latent positions that becomes one token.
    package static let patch = 1...64

    /// What is wrong with a number; nil for one within bounds. A value that is not a number is in no range.
    package static func problem<Number: Comparable>(
        _ name: String, _ value: Number, _ range: ClosedRange<Number>
    ) -> String? {
        range.contains(value)
            ? nil
            : "\(name) is \(value); a number from \(range.lowerBound) to \(range.upperBound) was expected"
    }
}
