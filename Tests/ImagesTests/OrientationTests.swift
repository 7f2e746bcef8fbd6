import Testing

@testable import Images

@Suite struct OrientationTests {
    @Test(arguments: 1...8)
    func everyOrientationOfAJPEG(orientation: Int) throws {
        let name = "orientation-\(orientation).jpg"
        let image = try Fixture.read(name)
        #expect((image.width, image.height) == (orientation < 5 ? (35, 23) : (23, 35)))
        expectEqual(image, try Fixture.expected(name + ".ppm"))
    }

    @Test(arguments: ["orientation-6.png", "orientation-6.webp", "orientation-6.tif"])
    func otherFormats(name: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected("small-turned.ppm"))
    }

    @Test(.enabled(if: ImageReader.formats.contains("HEIC/AVIF")))
    func avifIsTurnedOnce() throws {
        // The container and its EXIF data both say that the picture is turned.
        let image = try Fixture.read("orientation-6.avif")
        expectEqual(image, try Fixture.expected("small-turned.ppm"), tolerance: 40)
    }

    @Test func tooLargePicturesAreRefusedWhicheverWayTheyAreTurned() throws {
        var reader = ImageReader()
        reader.pixelLimit = 35 * 23
        _ = try reader.read(contentsOf: Fixture.path("orientation-6.jpg"))
        reader.pixelLimit -= 1
        #expect(throws: ImageError.self) { try reader.read(contentsOf: Fixture.path("orientation-6.jpg")) }
    }
}
