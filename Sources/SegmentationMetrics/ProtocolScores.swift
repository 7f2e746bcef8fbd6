/// The numbers of one protocol. In JSON they stand beside `images`, and `intervals` has the same names.
public struct ProtocolScores: Codable, Equatable, Sendable {
    /// How many pictures were scored.
    public var images: Int
    /// The numbers; one that is not defined, such as recall without any glass, is absent.
    public private(set) var values: [Quantity: Double] = [:]
    /// Their 95 % intervals.
    public private(set) var intervals: [Quantity: Interval] = [:]

    init(images: Int) {
        self.images = images
    }

    public subscript(quantity: Quantity) -> Double? { values[quantity] }

    mutating func set(_ quantity: Quantity, _ value: Double, _ interval: Interval?) {
        values[quantity] = value
        intervals[quantity] = interval
    }

    private struct Key: CodingKey {
        static let images = Key("images")
        static let intervals = Key("intervals")
        var stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        images = try container.decode(Int.self, forKey: .images)
        intervals = try container.decode([Quantity: Interval].self, forKey: .intervals)
        for quantity in Quantity.allCases {
            values[quantity] = try container.decodeIfPresent(Double.self, forKey: Key(quantity.rawValue))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(images, forKey: .images)
        try container.encode(intervals, forKey: .intervals)
        for (quantity, value) in values { try container.encode(value, forKey: Key(quantity.rawValue)) }
    }
}
