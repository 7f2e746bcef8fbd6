public import SegmentationMetrics

/// A picture of a data set and its mask, neither of them read yet.
public struct DatasetPair: Sendable, Hashable {
    /// The picture's file name without suffix. Easy and hard pictures may share one.
    public let id: String
    /// `nil` in a folder of pairs that is not divided.
    public let split: Split?
    /// `nil` where the data make no difference.
    public let difficulty: Difficulty?
    /// The picture's path within the data set.
    public let picture: String
    /// The mask's path within the data set.
    public let mask: String
    /// What a repair plan says about reading it.
    public internal(set) var repairs: [RepairPlan.Action] = []

    public init(id: String, split: Split? = nil, difficulty: Difficulty? = nil, picture: String, mask: String) {
        (self.id, self.split, self.difficulty) = (id, split, difficulty)
        (self.picture, self.mask) = (picture, mask)
    }

    /// The order of pictures when they are not shuffled: file names as text.
    static func isInOrder(_ one: DatasetPair, _ other: DatasetPair) -> Bool {
        (one.id, one.difficulty?.rawValue ?? "", one.picture) < (
            other.id, other.difficulty?.rawValue ?? "", other.picture
        )
    }
}
