/// How a mask file was understood.
public struct MaskReading: Hashable, Codable, Sendable {
    /// What decided.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Black is background, red things, white stuff.
        case colors
        /// 0 is background, 255 (or the greatest value of the depth) glass.
        case blackAndWhite = "black_and_white"
        /// As colors, turned into gray: red became 85 (the mean of its channels) or 76 (its luminance).
        case grayOfColors = "gray_of_colors"
        /// The numbers 0, 1 and 2 of background, things and stuff.
        case labels
        /// The indices 0, 1 and 2 into a palette, whose colors mean nothing.
        case indices
        /// Transparent pixels are background, the others by their colors.
        case opaqueParts = "opaque_parts"
        /// A TIFF file says that 0 is white, and so glass.
        case whiteIsZero = "white_is_zero"
        /// The alpha of a cut-out picture is the mask.
        case alpha
        /// Softness from 0 to the greatest value of the depth.
        case soft
        /// A repair plan's nearest colors.
        case nearestColors = "nearest_colors"
        /// A repair plan's "every label but 0 is glass".
        case labelsAsGlass = "labels_as_glass"
    }

    public let kind: Kind
    /// Bits of a sample in the file.
    public let bits: Int

    /// Whether another meaning could be meant, so that people should be told.
    public var isGuess: Bool {
        switch kind {
        case .colors, .blackAndWhite, .soft, .nearestColors, .labelsAsGlass: false
        case .grayOfColors, .labels, .indices, .opaqueParts, .whiteIsZero, .alpha: true
        }
    }

    /// A phrase for people.
    public var description: String {
        let text =
            switch kind {
            case .colors: "black is background, red things, white stuff"
            case .blackAndWhite: "0 is background, \(bits < 16 ? "255" : "the greatest value") glass"
            case .grayOfColors: "0 is background, the gray of red (85 or 76) things, 255 stuff"
            case .labels: "0 is background, 1 things, 2 stuff"
            case .indices: "of the palette's indices 0 is background, 1 things, 2 stuff"
            case .opaqueParts: "what is transparent is background"
            case .whiteIsZero: "the file's 0 is white, as its WhiteIsZero says, and so glass"
            case .alpha: "the alpha channel is the mask"
            case .soft: "softness from 0 to \(bits < 16 ? "255" : "the greatest value")"
            case .nearestColors: "the nearest of black, red and white (plan)"
            case .labelsAsGlass: "0 is background, all else glass (plan)"
            }
        return bits == 8 ? text : "\(text); \(bits) bits"
    }
}
