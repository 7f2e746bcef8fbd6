/// Why a mask is not understood.
public enum MaskDoubt: Equatable, Sendable {
    /// Colors or grays that mean nothing; `found` is the first of them.
    case foreignColors(count: Int, found: String, x: Int, y: Int)
    /// 255 or 254 beside small labels: it may be glass, or "ignore".
    case ignoreLabel
    /// More labels than background, things and stuff.
    case manyLabels
    /// Labels of 1 and 2 without 0: 1 may be background, or things.
    case noBackground
    /// A prediction's greatest value, and its depth's: they may be labels, or softness without glass.
    case unclearScale(greatest: Int, of: Int)
    /// All colors of the palette are the same, so that indices cannot be told apart.
    case paletteOfOneColor
    /// The alpha channel may be the mask, or nothing; a phrase says what is odd about it.
    case alpha(String)

    static let hiddenGlass = "red or white lies beneath its transparency, and black is drawn as background"
    static let evenAlpha = "all of it is equally transparent"
    static let gradualAlpha = "its transparency is gradual"

    /// What is in doubt, and what to do.
    var text: String {
        switch self {
        case .foreignColors(let count, let found, let x, let y):
            "\(count) \(count == 1 ? "pixel is" : "pixels are") neither background (black), things (red) nor stuff (white), such as \(found) at x \(x), "
                + "y \(y); write such masks in these colors; for a data set's, transeg dataset audit --repair makes a plan"
        case .ignoreLabel:
            "the greatest value, such as 255, stands beside small labels and may mean glass or \"ignore\"; write such masks with 0 for background and 255 for glass"
        case .manyLabels:
            "there are more labels than 0, 1 and 2; write such masks with 0 for background and 255 for glass; for a data set's, a plan with "
                + "labels_as_glass (transeg dataset audit --repair) takes all but 0 for glass"
        case .noBackground:
            "its labels are 1 and 2 without 0, so that 1 may be background or things; write such masks with 0 for background and 255 for glass"
        case .unclearScale(let greatest, let depth):
            "no value is above \(greatest) of \(depth), so that they may be labels or softness without glass; write such masks with \(depth) for "
                + "glass"
        case .paletteOfOneColor:
            "all colors of its palette are the same, so that its indices cannot be told apart; write such masks in gray or with a palette of "
                + "different colors"
        case .alpha(let oddity):
            "\(oddity), so that alpha may or may not be the mask; write such masks without alpha"
        }
    }
}
