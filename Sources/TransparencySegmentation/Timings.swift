/// Seconds of wall time of each step of one pass.
public struct Timings: Sendable, Codable, Equatable {
    /// Resizing and the VAE's encoder.
    public var encode = 0.0
    public var transformer = 0.0
    /// The VAE's decoder and the way back to the picture's size.
    public var decode = 0.0

    public init(encode: Double = 0, transformer: Double = 0, decode: Double = 0) {
        (self.encode, self.transformer, self.decode) = (encode, transformer, decode)
    }

    public var total: Double { encode + transformer + decode }

    static func + (one: Timings, other: Timings) -> Timings {
        Timings(
            encode: one.encode + other.encode, transformer: one.transformer + other.transformer,
            decode: one.decode + other.decode)
    }

    /// An equal share of them for each of `count` pictures.
    func divided(by count: Int) -> Timings {
        let share = 1 / Double(count)
        return Timings(encode: encode * share, transformer: transformer * share, decode: decode * share)
    }
}

extension Duration {
    /// The duration as a number of seconds.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
