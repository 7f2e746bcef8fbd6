/// The size that pictures are brought to for the model. Their masks come back at the pictures' own sizes.
public enum InputSize: Sendable, Hashable {
    /// Every picture is squashed to a square of this side, as the original project does.
    case square(Int)
    /// Every picture is squashed to this height and width.
    case exact(height: Int, width: Int)
    /// The longer side becomes this long and the aspect is kept, to the nearest size that the model takes.
    case fit(Int)

    /// The height and width for a picture.
    ///
    /// - Parameters:
    ///   - width: The picture's, in pixels.
    ///   - height: The picture's, in pixels.
    ///   - unit: What the model needs both sides to be a multiple of: 16 for Stable Diffusion 3.
    ///   - largest: The longest side that the model takes.
    /// - Throws: ``SegmentationError/size(_:)`` for sides that are no multiples of `unit` from `unit` to `largest`.
    public func dimensions(
        width: Int, height: Int, unit: Int, largest: Int = 65_536
    ) throws -> (height: Int, width: Int) {
        func check(_ side: Int) throws { try Self.check(side, unit, largest) }
        switch self {
        case .square(let side):
            try check(side)
            return (side, side)
        case .exact(let height, let width):
            try check(height)
            try check(width)
            return (height, width)
        case .fit(let side):
            try check(side)
            let scale = Double(side) / Double(max(width, height))
            func nearest(_ length: Int) -> Int {
                max(unit, Int((Double(length) * scale / Double(unit)).rounded()) * unit)
            }
            return (nearest(height), nearest(width))
        }
    }

    private static func check(_ side: Int, _ unit: Int, _ largest: Int) throws {
        guard side <= largest else {
            throw SegmentationError.size("the size \(side) is larger than the model can take; use at most \(largest)")
        }
        guard side > 0, side % unit == 0 else {
            let below = side / unit * unit
            let near = below > 0 ? "\(below) or \(below + unit)" : "\(unit) or more"
            throw SegmentationError.size("the size \(side) is not a multiple of \(unit); use \(near)")
        }
    }
}
