/// All that is kept of one evaluated picture. Every reported number follows from a list of these, so that an interrupted
/// evaluation goes on from the records it has, and two runs can be compared picture by picture.
public struct ImageRecord: Codable, Equatable, Sendable {
    /// Unique among the records of its difficulty, such as the file's name without suffix.
    public var id: String
    /// `nil` when the data make no difference.
    public var difficulty: Difficulty?
    /// At the resolution of the evaluation.
    public var pixels: PixelCounts
    /// At the picture's own resolution, when it was counted there.
    public var native: NativeCounts?

    public init(id: String, difficulty: Difficulty? = nil, pixels: PixelCounts, native: NativeCounts? = nil) {
        self.id = id
        self.difficulty = difficulty
        self.pixels = pixels
        self.native = native
    }

    /// The order in which pictures are summed and drawn, whatever the order they were evaluated in.
    package var sortKey: [String] { [difficulty?.rawValue ?? "", id] }
}
