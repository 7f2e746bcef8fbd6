/// Something about a data set that is wrong, or worth to be known.
public struct AuditFault: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case pictureWithoutMask = "picture_without_mask"
        case maskWithoutPicture = "mask_without_picture"
        case unreadable
        /// Pixels of a mask that are neither black, red nor white.
        case foreignColors = "foreign_colors"
        /// A mask whose labels or alpha may mean this or that.
        case unclearMask = "unclear_mask"
        /// The mask has another size than the picture.
        case sizeMismatch = "size_mismatch"
        /// Picture and mask are turned against each other in their pixels.
        case turned
        /// The picture's EXIF orientation had to be dealt with.
        case turnedByEXIF = "turned_by_exif"
        /// The EXIF orientation may or may not be heeded, and nothing tells.
        case undecidedOrientation = "undecided_orientation"
        /// The same file twice.
        case duplicate
        /// Two files that show the same.
        case nearDuplicate = "near_duplicate"
        case emptyMask = "empty_mask"
        /// The whole picture is glass.
        case fullMask = "full_mask"
    }

    public let kind: Kind
    /// Paths within the data set.
    public let picture: String?
    public let mask: String?
    /// The other picture of a duplicate.
    public let other: String?
    /// What was found, a phrase.
    public let detail: String
    /// What a repair plan would do, nil where nothing helps or nothing is needed.
    public let action: RepairPlan.Action?
    /// Whether it is no fault: good to know, and common in sound data.
    public let isNote: Bool

    enum CodingKeys: String, CodingKey {
        case kind, picture, mask, other, detail, action
        case isNote = "is_note"
    }

    init(
        _ kind: Kind, picture: String?, mask: String? = nil, other: String? = nil, _ detail: String,
        action: RepairPlan.Action? = nil, isNote: Bool = false
    ) {
        (self.kind, self.picture, self.mask, self.other) = (kind, picture, mask, other)
        (self.detail, self.action, self.isNote) = (detail, action, isNote)
    }
}
