public import Images

/// A pair as it was read: picture and mask of one size, one upon the other.
public struct DatasetSample: Sendable {
    /// RGB.
    public let picture: Image
    /// One channel: 0 background, 1 things, 2 stuff.
    public let mask: Image
    public let orientation: PairOrientation
    /// How the mask's file was understood; nil where there is none.
    public let reading: MaskReading?

    public init(picture: Image, mask: Image, orientation: PairOrientation = .none, reading: MaskReading? = nil) {
        (self.picture, self.mask, self.orientation, self.reading) = (picture, mask, orientation, reading)
    }
}

/// How the picture's EXIF orientation was dealt with.
public enum PairOrientation: String, Codable, Sendable {
    /// It has none.
    case none
    /// The mask fits the picture as it is stored.
    case stored
    /// The mask fits the picture as people see it.
    case upright
    /// The mask's size fits both and neither content nor plan decides; it was taken as stored.
    case undecided
}
