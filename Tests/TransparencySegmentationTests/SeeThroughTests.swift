import Images
import Testing

@testable import TransparencySegmentation

@Suite struct SeeThroughTests {
    private let side = 48

    /// A background that changes slowly, and a disk of glass over it with a highlight and a dark rim.
    private func scene(gap: Float = 1) throws -> (picture: Image, behind: [Float], mask: SoftMask) {
        var (pixels, behind, mask): ([UInt8], [Float], [Float]) = ([], [], [])
        for y in 0..<side {
            for x in 0..<side {
                let distance = (Float((x - 24) * (x - 24) + (y - 24) * (y - 24))).squareRoot()
                let base = [Float(60 + 2 * x), Float(90 + y), Float(150 - x)]
                let (alpha, color): (Float, Float) =
                    distance < 4 ? (0.8, 255) : (12..<14).contains(distance) ? (0.5, 0) : (0, 0)
                behind += base
                pixels += base.map { UInt8((alpha * color + (1 - alpha) * $0).rounded()) }
                mask.append(distance < 15 ? gap : 0)
            }
        }
        return (
            try Image(width: side, height: side, channels: 3, pixels: pixels), behind,
            SoftMask(width: side, height: side, planes: mask)
        )
    }

    @Test func theBackgroundIsDrawnIn() throws {
        let (picture, behind, mask) = try scene()
        let background = try Segmentation(mask).background(of: picture)
        let errors = zip(background, behind).map { abs($0 - $1) }
        // Outside nothing changes; inside a slope goes on.
        #expect(errors.max() ?? 9 < 4, "\(errors.max() ?? 9)")
        for index in mask.planes.indices where mask.planes[index] == 0 {
            #expect(errors[3 * index] <= 0.5)
        }
    }

    @Test func laidOverTheBackgroundThePictureComesBack() throws {
        let (picture, _, mask) = try scene()
        let segmentation = Segmentation(mask)
        let background = try segmentation.background(of: picture)
        let layer = try segmentation.seeThrough(of: picture)
        for index in mask.planes.indices {
            let alpha = Float(layer.pixels[4 * index + 3]) / 255
            if mask.planes[index] == 0 { #expect(alpha == 0) }
            for channel in 0..<3 {
                let laid =
                    alpha * Float(layer.pixels[4 * index + channel]) + (1 - alpha) * background[3 * index + channel]
                #expect(abs(laid - Float(picture.pixels[3 * index + channel])) <= 2)
            }
        }
    }

    @Test func highlightsStayAndClearGlassVanishes() throws {
        let (picture, _, mask) = try scene()
        let layer = try Segmentation(mask).seeThrough(of: picture)
        func alpha(_ x: Int, _ y: Int) -> UInt8 { layer.pixels[4 * (y * side + x) + 3] }
        #expect(alpha(24, 24) > 190 && layer.pixels[4 * (24 * side + 24)] > 245)
        #expect(alpha(24 + 8, 24) < 12)
        #expect((110...145).contains(alpha(24 + 13, 24)), "\(alpha(24 + 13, 24))")
        // The control: cut out, the glass is as opaque as the mask is sure.
        #expect(try Segmentation(mask).cutout(of: picture).pixels[4 * (24 * side + 32) + 3] == 255)
        let half = try Segmentation(scene(gap: 0.6).mask).seeThrough(of: picture)
        #expect(abs(Int(half.pixels[4 * (24 * side + 24) + 3]) - Int(Float(alpha(24, 24)) * 0.6)) <= 2)
    }

    @Test(arguments: [(1, 1), (1, 9), (7, 1), (5, 3)]) func smallPicturesAndThoseThatAreAllGlass(
        width: Int, height: Int
    ) throws {
        let pixels = (0..<3 * width * height).map { UInt8($0 * 37 % 256) }
        let picture = try Image(width: width, height: height, channels: 3, pixels: pixels)
        for value: Float in [0, 1] {
            let mask = SoftMask(
                width: width, height: height, planes: [Float](repeating: value, count: width * height))
            let layer = try Segmentation(mask).seeThrough(of: picture)
            #expect(layer.width == width && layer.height == height && layer.channels == 4)
        }
        let other = try Image(width: width + 1, height: height, channels: 3, pixels: pixels + pixels.prefix(3 * height))
        let mask = SoftMask(width: width, height: height, planes: [Float](repeating: 1, count: width * height))
        #expect(throws: SegmentationError.self) { try Segmentation(mask).seeThrough(of: other) }
    }
}
