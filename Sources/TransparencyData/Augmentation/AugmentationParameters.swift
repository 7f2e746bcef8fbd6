import SeededRandom

/// What happens to a training picture, in the order in which it happens.
///
/// The laws are those of the original's pipeline in albumentations 2.0.8: `HorizontalFlip(p=0.5)`,
/// `ColorJitter(0.2, 0.2, 0.2, 0.1, p=0.5)`, `OneOf([MotionBlur((11, 31)), GaussianBlur((11, 31))], p=0.3)`,
/// `GaussNoise((0.1, 0.3), p=0.3)`.
public struct AugmentationParameters: Sendable, Equatable, Codable {
    /// Left and right change places, in the picture and in its mask.
    public var isFlipped = false
    public var jitter: ColorJitter?
    public var blur: Blur?
    public var noise: GaussNoise?

    /// Nothing happens.
    public static let none = AugmentationParameters()

    public init(
        isFlipped: Bool = false, jitter: ColorJitter? = nil, blur: Blur? = nil, noise: GaussNoise? = nil
    ) {
        (self.isFlipped, self.jitter, self.blur, self.noise) = (isFlipped, jitter, blur, noise)
    }

    /// Draws the parameters of a picture: a pure function, the same on every machine and in every order of calls.
    ///
    /// - Parameters:
    ///   - epoch: How often all pictures have been seen before.
    ///   - index: The picture's place in the data set's order, which shuffling does not change.
    public init(seed: UInt64, epoch: Int, index: Int) {
        // The last key keeps the stream apart from those of drawn scenes.
        var random = KeyedRandom(
            keys: seed, UInt64(bitPattern: Int64(epoch)), UInt64(bitPattern: Int64(index)), 0xA06_3E27)
        if random.unit() < 0.5 { isFlipped = true }
        if random.unit() < 0.5 { jitter = ColorJitter(&random) }
        if random.unit() < 0.3 {
            blur = random.unit() < 0.5 ? .motion(MotionBlur(&random)) : .gaussian(GaussianBlur(&random))
        }
        if random.unit() < 0.3 { noise = GaussNoise(&random) }
    }
}

/// Brightness, contrast, saturation and hue, each changed on the eight-bit result of the one before.
public struct ColorJitter: Sendable, Equatable, Codable {
    public enum Operation: String, Sendable, Codable, CaseIterable {
        case brightness, contrast, saturation, hue
    }

    /// Factors, 0.8 to 1.2 when drawn.
    public var brightness: Double
    public var contrast: Double
    public var saturation: Double
    /// A share of the color circle, −0.1 to 0.1 when drawn.
    public var hue: Double
    /// All four, in the order in which they are applied.
    public var order: [Operation]

    public init(
        brightness: Double, contrast: Double, saturation: Double, hue: Double, order: [Operation] = Operation.allCases
    ) {
        (self.brightness, self.contrast, self.saturation, self.hue) = (brightness, contrast, saturation, hue)
        self.order = order
    }

    init(_ random: inout KeyedRandom) {
        (brightness, contrast, saturation) = (random.real(0.8, 1.2), random.real(0.8, 1.2), random.real(0.8, 1.2))
        hue = random.real(-0.1, 0.1)
        order = Operation.allCases
        for last in stride(from: order.count - 1, to: 0, by: -1) { order.swapAt(last, random.count(0...last)) }
    }
}

/// A blur by a kernel of 11 to 31 pixels a side.
public enum Blur: Sendable, Equatable, Codable {
    case motion(MotionBlur)
    case gaussian(GaussianBlur)
}

/// A line of equal weights.
public struct MotionBlur: Sendable, Equatable, Codable {
    /// Pixels a side, odd.
    public var size: Int
    /// Degrees.
    public var angle: Double
    /// From −1, only backwards from the middle, to 1, only forwards.
    public var direction: Double
    /// By how much the line is off the middle, pixels.
    public var shiftX: Double
    public var shiftY: Double

    public init(size: Int, angle: Double, direction: Double, shiftX: Double, shiftY: Double) {
        (self.size, self.angle, self.direction) = (size, angle, direction)
        (self.shiftX, self.shiftY) = (shiftX, shiftY)
    }

    init(_ random: inout KeyedRandom) {
        size = 11 + 2 * random.count(0...10)
        angle = random.real(0, 360)
        direction = random.real(-1, 1)
        let reach = Double(size / 2) / 2
        (shiftX, shiftY) = (random.real(-1, 1) * reach, random.real(-1, 1) * reach)
    }
}

/// A Gaussian, cut off at the kernel's size whatever its width.
public struct GaussianBlur: Sendable, Equatable, Codable {
    /// Pixels a side, odd.
    public var size: Int
    /// Standard deviation in pixels, 0.5 to 3 when drawn.
    public var sigma: Double

    public init(size: Int, sigma: Double) {
        (self.size, self.sigma) = (size, sigma)
    }

    init(_ random: inout KeyedRandom) {
        sigma = random.real(0.5, 3)
        let drawn = random.count(11...31)
        size = drawn % 2 == 0 ? drawn + 1 : drawn
    }
}

/// Normally distributed noise, independent for each pixel and channel.
public struct GaussNoise: Sendable, Equatable, Codable {
    /// Standard deviation as a share of the range 0 to 255, 0.1 to 0.3 when drawn.
    public var sigma: Double
    /// What the noise itself is drawn by.
    public var seed: UInt64

    public init(sigma: Double, seed: UInt64) {
        (self.sigma, self.seed) = (sigma, seed)
    }

    init(_ random: inout KeyedRandom) {
        sigma = random.real(0.1, 0.3)
        seed = random.next()
    }
}

extension KeyedRandom {
    /// 0 or more and below 1, 53 bits.
    fileprivate mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    fileprivate mutating func real(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }
}
