import Foundation

/// OpenCV's eight-bit HSV: hue 0 to 179, saturation and value 0 to 255 (`RGB2HSV_b` and `HSV2RGB_b` of OpenCV 4).
enum HSV {
    private static let shift = 12
    private static let saturationTable: [Int32] = reciprocals(of: 255)
    private static let hueTable: [Int32] = reciprocals(of: 30)

    /// `numerator` / i in fixed point.
    private static func reciprocals(of numerator: Double) -> [Int32] {
        (0..<256).map { $0 == 0 ? 0 : Int32((numerator * 4096 / Double($0)).rounded(.toNearestOrEven)) }
    }

    /// A hue brought to 0 or more and below 180.
    static func wrapped(_ hue: Double) -> Double {
        let rest = fmod(hue, 180)
        return rest < 0 ? rest + 180 : rest
    }

    /// The first column of a row that OpenCV's vector code leaves to its scalar code: with AVX-512 it takes 64 columns at a time,
    /// with less 32 or 16.
    static func remainder(ofWidth width: Int) -> Int { width / 64 * 64 }

    /// Replaces an RGB pixel by that of the hue which `table` gives for its own.
    ///
    /// - Parameter isRounded: OpenCV's scalar code rounds, its vector code cuts fractions off.
    @inline(__always)
    static func changeHue(
        of pixel: UnsafeMutablePointer<UInt8>, by table: UnsafeBufferPointer<UInt8>, isRounded: Bool
    ) {
        let (red, green, blue) = (Int32(pixel[0]), Int32(pixel[1]), Int32(pixel[2]))
        let value = max(red, green, blue)
        let range = value - min(red, green, blue)
        // Gray has no hue.
        guard range > 0 else { return }
        let half: Int32 = 1 << (shift - 1)
        let saturation = (range * saturationTable[Int(value)] + half) >> shift
        let sextant =
            value == red ? green - blue : value == green ? blue - red + 2 * range : red - green + 4 * range
        var hue = (sextant * hueTable[Int(range)] + half) >> shift
        if hue < 0 { hue += 180 }
        write(
            hue: table[Int(min(hue, 179))], saturation: saturation, value: value, to: pixel, isRounded: isRounded)
    }

    @inline(__always)
    private static func write(
        hue: UInt8, saturation: Int32, value: Int32, to pixel: UnsafeMutablePointer<UInt8>, isRounded: Bool
    ) {
        let v = Float(value) * (1 / 255)
        let s = Float(saturation) * (1 / 255)
        let position = Float(hue) * (6 / 180)
        let sector = Int(position)
        let part = position - Float(sector)
        // The differences are rounded once, as OpenCV's fused operations are.
        let falling = v * Float(1 - Double(s) * Double(part))
        let rising = v * Float(1 - Double(s) * Double(1 - part))
        let low = v * (1 - s)
        let (red, green, blue): (Float, Float, Float) =
            switch sector {
            case 0: (v, rising, low)
            case 1: (falling, v, low)
            case 2: (low, v, rising)
            case 3: (low, falling, v)
            case 4: (rising, low, v)
            default: (v, low, falling)
            }
        pixel[0] = UInt8(isRounded ? (red * 255).rounded(.toNearestOrEven) : red * 255)
        pixel[1] = UInt8(isRounded ? (green * 255).rounded(.toNearestOrEven) : green * 255)
        pixel[2] = UInt8(isRounded ? (blue * 255).rounded(.toNearestOrEven) : blue * 255)
    }
}
