import Testing

@testable import Images

@Suite struct AlphaTests {
    /// libvips cuts off fractions in whole numbers where the expectation does so in floating point.
    let roundingTolerance = 1

    @Test(arguments: ["alpha.png", "alpha.webp", "alpha.tif", "alpha-16.png"])
    func alphaIsLaidOverWhite(name: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected("alpha.ppm"), tolerance: roundingTolerance)
    }

    @Test(arguments: ["gray-alpha.png", "palette-alpha.png"])
    func grayAndPaletteWithAlpha(name: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected(name + ".ppm"), tolerance: roundingTolerance)
    }

    @Test func opaqueAlphaChangesNothing() throws {
        expectEqual(try Fixture.read("opaque.png"), try Fixture.expected("small.ppm"))
    }

    @Test func chosenBackgroundShowsWhereNothingIs() throws {
        let image = try ImageReader(background: (10, 200, 30)).read(contentsOf: Fixture.path("alpha.png"))
        // Alpha rises from 0 at the left to 255 at the right.
        #expect(Array(image.pixels[0..<3]) == [10, 200, 30])
        let original = try Fixture.expected("small.ppm")
        #expect(image.pixels[34 * 3..<35 * 3] == original.pixels[34 * 3..<35 * 3])
    }
}
