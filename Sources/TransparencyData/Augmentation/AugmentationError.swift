public import Foundation

/// Why a picture cannot be augmented.
public enum AugmentationError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// Picture and mask do not fit together.
    case noPair(picture: String, mask: String)
    /// A parameter is outside its range.
    case parameter(name: String, value: String, expected: String)

    public var description: String {
        switch self {
        case .noPair(let picture, let mask):
            "a picture of \(picture) and a mask of \(mask) are no pair; RGB, one channel and the same sides were expected"
        case .parameter(let name, let value, let expected):
            "the augmentation's \(name) is \(value); \(expected) was expected"
        }
    }

    public var errorDescription: String? { description }
}

extension AugmentationParameters {
    /// Refuses values for which the arithmetic is not defined.
    func check() throws(AugmentationError) {
        if let jitter {
            for (name, factor) in [
                ("brightness", jitter.brightness), ("contrast", jitter.contrast), ("saturation", jitter.saturation),
            ] { try Self.check(factor, name, in: 0...10) }
            try Self.check(jitter.hue, "hue", in: -0.5...0.5)
            guard jitter.order.count == 4, Set(jitter.order).count == 4 else {
                throw .parameter(
                    name: "order", value: "\(jitter.order.map(\.rawValue))", expected: "each of four operations once")
            }
        }
        switch blur {
        case .motion(let motion):
            try Self.checkSize(motion.size)
            try Self.check(motion.angle, "angle", in: -360...360)
            try Self.check(motion.direction, "direction", in: -1...1)
            for shift in [motion.shiftX, motion.shiftY] { try Self.check(shift, "shift", in: -100...100) }
        case .gaussian(let gaussian):
            try Self.checkSize(gaussian.size)
            try Self.check(gaussian.sigma, "sigma of the blur", in: 0.01...100)
        case nil: break
        }
        if let noise { try Self.check(noise.sigma, "sigma of the noise", in: 0...10) }
    }

    private static func check(
        _ value: Double, _ name: String, in range: ClosedRange<Double>
    ) throws(AugmentationError) {
        guard range.contains(value) else {
            throw .parameter(name: name, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    private static func checkSize(_ size: Int) throws(AugmentationError) {
        guard (3...101).contains(size), size % 2 == 1 else {
            throw .parameter(name: "kernel size", value: "\(size)", expected: "an odd number from 3 to 101")
        }
    }
}
