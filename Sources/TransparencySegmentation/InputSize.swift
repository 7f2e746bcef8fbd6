import Foundation

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
    /// - Parameter unit: What the model needs both sides to be a multiple of: 16 for Stable Diffusion 3.
    /// - Throws: ``SegmentationError/size(_:)`` for sides that are no positive multiples of `unit`.
    public func dimensions(width: Int, height: Int, unit: Int) throws -> (height: Int, width: Int) {
        switch self {
        case .square(let side):
            try Self.check(side, unit)
            return (side, side)
        case .exact(let height, let width):
            try Self.check(height, unit)
            try Self.check(width, unit)
            return (height, width)
        case .fit(let side):
            try Self.check(side, unit)
            let scale = Double(side) / Double(max(width, height))
            func nearest(_ length: Int) -> Int {
                max(unit, Int((Double(length) * scale / Double(unit)).rounded()) * unit)
            }
            return (nearest(height), nearest(width))
        }
    }

    private static func check(_ side: Int, _ unit: Int) throws {
        guard side > 0, side % unit == 0 else {
            let below = side / unit * unit
            let near = below > 0 ? "\(below) or \(below + unit)" : "\(unit)"
            throw SegmentationError.size("the size \(side) is not a multiple of \(unit); use \(near)")
        }
    }
}

/// Why a picture cannot be segmented as asked.
public enum SegmentationError: Error, LocalizedError, CustomStringConvertible {
    case size(String)
    case device(String)
    case embeddedModelMissing

    public var description: String {
        switch self {
        case .size(let message), .device(let message): message
        case .embeddedModelMissing:
            "the embedded model is not beside the program; name a model folder or a Hugging Face id instead"
        }
    }

    public var errorDescription: String? { description }
}
