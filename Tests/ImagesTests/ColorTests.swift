import Testing

@testable import Images

@Suite struct ColorTests {
    /// Little CMS 2.14 here and 2.19 in Pillow round differently by one step.
    let conversionTolerance = 1

    @Test(arguments: [
        ("srgb-pillow.jpg", "420.jpg.ppm"), ("srgb-made.png", "small.ppm"),
    ])
    func sRGBProfilesLeavePixelsAlone(name: String, expected: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected(expected))
    }

    @Test(arguments: ["display-p3.png", "display-p3-16.png"])
    func displayP3IsConverted(name: String) throws {
        let image = try Fixture.read(name)
        expectEqual(image, try Fixture.expected("display-p3.png.ppm"), tolerance: conversionTolerance)
        #expect(worstDifference(image, try Fixture.expected("scene.ppm")).difference > 20)
    }

    @Test(.enabled(if: ImageReader.formats.contains("HEIC/AVIF")))
    func profileOfAHEICIsConverted() throws {
        // Quality 95 loses about this much.
        expectEqual(try Fixture.read("display-p3.heic"), try Fixture.expected("display-p3.png.ppm"), tolerance: 40)
    }

    @Test func grayProfileIsConverted() throws {
        expectEqual(
            try Fixture.read("gray-profile.png"), try Fixture.expected("gray-profile.png.ppm"),
            tolerance: conversionTolerance)
    }

    @Test(arguments: [
        ("broken-profile.png", "small.ppm"), ("nonsense-profile.webp", "small.ppm"),
        ("gray-profile-on-rgb.tif", "small.ppm"), ("rgb-profile-on-gray.jpg", "gray.jpg.ppm"),
    ])
    func unusableProfilesAreIgnored(name: String, expected: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected(expected))
    }

    @Test func cmykWithProfile() throws {
        expectEqual(
            try Fixture.read("cmyk-profile.jpg"), try Fixture.expected("cmyk-profile.jpg.ppm"),
            tolerance: conversionTolerance)
    }

    @Test(arguments: ["cmyk.jpg", "ycck.jpg", "cmyk.tif"])
    func cmykWithoutProfileLooksLikeInk(name: String) throws {
        let image = try Fixture.read(name)
        #expect((image.width, image.height, image.channels) == (96, 16, 3))
        // Patches of 16 pixels: paper, cyan, magenta, yellow, black, half black.
        let patches = (0..<6).map { patch -> [Int] in
            let start = (8 * 96 + patch * 16 + 8) * 3
            return image.pixels[start..<start + 3].map(Int.init)
        }
        let (paper, cyan, magenta, yellow) = (patches[0], patches[1], patches[2], patches[3])
        #expect(paper.allSatisfy { $0 > 245 }, "\(patches)")
        #expect(cyan[0] < 60 && cyan[1] > 120 && cyan[2] > 180, "\(patches)")
        #expect(magenta[0] > 180 && magenta[1] < 60, "\(patches)")
        #expect(yellow[0] > 200 && yellow[1] > 200 && yellow[2] < 60, "\(patches)")
        #expect(patches[4].allSatisfy { $0 < 60 }, "\(patches)")
        #expect(patches[5].allSatisfy { (100...180).contains($0) }, "\(patches)")
    }

    @Test(arguments: ["cmyk-gray-profile.tif", "cmyk-broken-profile.tif"])
    func unusableProfilesOfCMYKAreIgnored(name: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.read("cmyk.tif"))
    }

    @Test func allKindsOfCMYKAgree() throws {
        let plain = try Fixture.read("cmyk.tif")
        // JPEG at quality 95 spreads a little over the patches' edges.
        expectEqual(try Fixture.read("cmyk.jpg"), plain, tolerance: 6)
        expectEqual(try Fixture.read("ycck.jpg"), plain, tolerance: 16)
    }
}
