import Images
import Synchronization

@testable import TransparencySegmentation

/// A predictor without a model: what a pixel's mask is follows from the picture by a function.
final class DrawnPredictor: MaskPredictor {
    let defaultSize = InputSize.square(64)
    let sizeUnit = 16
    let largestSide = 1024
    let identity = ["model": "drawn"]
    let kinds: Bool
    private let softness: @Sendable (Image, _ x: Int, _ y: Int) -> Float
    private let seen = Mutex<[[Image]]>([])

    /// The pictures of each pass so far.
    var passes: [[Image]] { seen.withLock { $0 } }

    init(kinds: Bool = false, _ softness: @escaping @Sendable (Image, _ x: Int, _ y: Int) -> Float) {
        (self.kinds, self.softness) = (kinds, softness)
    }

    /// The red of a pixel.
    static func red(kinds: Bool = false) -> DrawnPredictor {
        DrawnPredictor(kinds: kinds) { picture, x, y in Float(picture.pixels[3 * (y * picture.width + x)]) / 255 }
    }

    func predict(
        _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction] {
        seen.withLock { $0.append(pictures) }
        return try pictures.map { picture in
            let (height, width) = try inputSize(width: picture.width, height: picture.height, size: size)
            let input = try picture.resizedBilinear(width: width, height: height)
            return MaskPrediction(
                atInput: resolutions.contains(.input) ? mask(of: input, planeCount: 3) : nil,
                atPicture: resolutions.contains(.picture) ? mask(of: picture, planeCount: 1) : nil,
                timings: Timings(encode: 1))
        }
    }

    private func mask(of picture: Image, planeCount: Int) -> SoftMask {
        let plane = (0..<picture.width * picture.height).map {
            softness(picture, $0 % picture.width, $0 / picture.width)
        }
        return SoftMask(
            width: picture.width, height: picture.height,
            planes: kinds ? plane : Array(repeating: plane, count: planeCount).flatMap(\.self),
            // Things on the left of the picture's darker half, as green says.
            kinds: kinds
                ? (0..<plane.count).map { picture.pixels[3 * $0 + 1] < 128 ? 1 : 2 } : nil)
    }
}

extension Image {
    /// RGB of a function of the place.
    static func drawn(
        width: Int, height: Int, _ color: (_ x: Int, _ y: Int) -> (UInt8, UInt8, UInt8)
    ) throws -> Image {
        let pixels = (0..<width * height).flatMap { index -> [UInt8] in
            let (red, green, blue) = color(index % width, index / width)
            return [red, green, blue]
        }
        return try Image(width: width, height: height, channels: 3, pixels: pixels)
    }
}
