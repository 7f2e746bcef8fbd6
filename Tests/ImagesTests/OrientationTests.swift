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

    @Test(arguments: Orientation.allCases)
    func whatIsReadAsStoredCanBeTurned(orientation: Orientation) throws {
        let path = Fixture.path("orientation-\(orientation.rawValue).jpg")
        let stored = try ImageReader().readAsStored(contentsOf: path)
        #expect(stored.orientation == orientation)
        #expect((stored.image.width, stored.image.height) == (35, 23))
        expectEqual(stored.image.turned(from: orientation), try ImageReader().read(contentsOf: path))
    }

    @Test func quarterTurnsAddUp() throws {
        let image = try Fixture.read("rgb.png")
        let quarter = Orientation.quarterTurns[1]
        #expect(image.turned(from: quarter).turned(from: quarter) == image.turned(from: Orientation.quarterTurns[2]))
        #expect(image.turned(from: quarter).turned(from: Orientation.quarterTurns[3]) == image)
    }

    @Test func valuesAreTheFilesOwn() throws {
        let palette = try ImageReader().readValues(contentsOf: Fixture.path("palette.png"))
        expectEqual(palette, try Fixture.expected("palette.png.ppm"))
        #expect(try ImageReader().readValues(contentsOf: Fixture.path("gray.png")).channels == 1)
        // Neither laid over white nor converted by its profile.
        #expect(try ImageReader().readValues(contentsOf: Fixture.path("alpha.png")).channels == 3)
        #expect(
            try ImageReader().readValues(contentsOf: Fixture.path("display-p3.png"))
                != ImageReader().read(contentsOf: Fixture.path("display-p3.png")))
        #expect(throws: ImageError.self) { try ImageReader().readValues(contentsOf: Fixture.path("cmyk.tif")) }
    }
}
