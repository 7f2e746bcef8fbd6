/// Why a mask is not understood.
public enum MaskDoubt: Equatable, Sendable {
    /// Colors or grays that mean nothing; `found` is the first of them.
    case foreignColors(count: Int, found: String, x: Int, y: Int)
    /// 255 beside small labels: it may be glass, or "ignore".
    case ignoreLabel
    /// More labels than background, things and stuff.
    case manyLabels
    /// The alpha channel may be the mask, or nothing; a phrase says what is odd about it.
    case alpha(String)

    static let gradualAlpha = "its transparency is gradual"

    /// What is in doubt, and what to do.
    var text: String {
        switch self {
        case .foreignColors(let count, let found, let x, let y):
            "\(count) \(count == 1 ? "pixel is" : "pixels are") neither background (black), things (red) nor stuff (white), such as \(found) at x \(x), "
                + "y \(y); transeg dataset audit --repair makes a plan for such masks"
        case .ignoreLabel:
            "255 stands beside small labels and may mean glass or \"ignore\"; write such masks with 0 for background and 255 for glass"
        case .manyLabels:
            "there are more labels than 0, 1 and 2; a plan with labels_as_glass (transeg dataset audit --repair) takes all but 0 for glass"
        case .alpha(let oddity):
            "\(oddity), so that alpha may or may not be the mask; write such masks without alpha"
        }
    }
}
