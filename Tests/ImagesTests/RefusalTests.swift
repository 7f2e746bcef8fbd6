import Foundation
import Testing

@testable import Images

@Suite struct RefusalTests {
    @Test(
        arguments: [
            "420.jpg", "progressive.jpg", "cmyk.jpg", "orientation-6.jpg", "rgb.png", "interlaced.png", "alpha.png",
            "lossy.webp", "lzw.tif", "scene.avif", "display-p3.heic",
        ], [0.3, 0.6, 0.9])
    func cutFilesAreErrors(name: String, share: Double) throws {
        let data = try Fixture.data(name)
        let cut = Array(data.prefix(Int(Double(data.count) * share)))
        let error = try imageError { try ImageReader().read(data: cut, name: name) }
        guard case .damaged(name, _, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.description.contains("cut short"))
    }

    @Test(arguments: ["420.jpg", "progressive.jpg", "rgb.png", "interlaced.png", "lossy.webp", "lzw.tif"])
    func aCutFileIsAnErrorOrComplete(name: String) throws {
        let data = try Fixture.data(name)
        let whole = try Fixture.read(name)
        for count in Array(stride(from: 1, to: data.count, by: 13)) + Array(data.count - 40..<data.count) {
            // Without its end mark alone, a file may still hold every pixel.
            if let image = try? ImageReader().read(data: Array(data.prefix(count)), name: name) {
                expectEqual(image, whole, "first \(count) of \(data.count) bytes:")
                #expect(count > data.count - 40)
            }
        }
    }

    @Test func aWarningAloneIsNoError() throws {
        var data = try Fixture.data("420.jpg")
        // Stray bytes between two segments, after start of image (2 bytes) and the JFIF segment (18 bytes).
        data.insert(contentsOf: [0, 0, 0], at: 20)
        let image = try ImageReader().read(data: data, name: "stray.jpg")
        expectEqual(image, try Fixture.expected("420.jpg.ppm"))
    }

    @Test(arguments: ["bomb.png", "bomb-interlaced.png"])
    func hugePicturesAreRefusedByTheirHeader(name: String) throws {
        let start = ContinuousClock.now
        let error = try imageError { try Fixture.read(name) }
        #expect(
            error
                == .tooManyPixels(
                    name: Fixture.path(name), width: 60_000, height: 60_000, limit: ImageReader.defaultPixelLimit))
        #expect(error.description.contains("60000 x 60000 pixels"))
        #expect(error.description.contains("limit of 268,435,456 in all"))
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test(arguments: [
        ("text.jpg", "Not a picture.\n", "text"),
        ("table.csv", "1,2,3\n4,5,6\n", "text"),
        ("matrix.mat", "2 2\n1 2\n3 4\n", "text"),
        ("gray.pgm", "P2\n2 2\n255\n1 2\n3 4\n", "text"),
        ("drawing.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>", "an SVG drawing"),
        ("drawing.png", "<?xml version=\"1.0\"?><svg/>", "an XML document"),
        ("paper.pdf", "%PDF-1.7\n", "a PDF document"),
        ("moving.gif", "GIF89a\u{1}", "a GIF image"),
        ("film.heic", "\0\0\0\u{18}ftypmp42\0\0\0\0", "a video"),
        ("x", "\u{1}", "unknown data (first bytes 01)"),
    ])
    func otherContentIsRefused(name: String, content: String, found: String) throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/\(name)"
            try writeFile(Array(content.utf8), to: path)
            let error = try imageError { try ImageReader().read(contentsOf: path) }
            #expect(error == .notAnImage(name: path, found: found))
            #expect(error.localizedDescription.hasPrefix("\(path) is not an image of a supported format"))
        }
    }

    @Test func floatingPointSamplesAreRefused() throws {
        let error = try imageError { try Fixture.read("float.tif") }
        #expect(
            error
                == .unsupportedSamples(
                    name: Fixture.path("float.tif"), format: "TIFF", found: "samples of type float"))
    }

    @Test func filesThatDoNotOpen() throws {
        try withTemporaryFolder { folder in
            let reader = ImageReader()
            #expect(throws: ImageError.notFound(name: folder + "/none.jpg")) {
                try reader.read(contentsOf: folder + "/none.jpg")
            }
            #expect(throws: ImageError.isFolder(name: folder)) { try reader.read(contentsOf: folder) }
            #expect(throws: ImageError.notFound(name: "")) { try reader.read(contentsOf: "") }

            let empty = folder + "/empty.jpg"
            try writeFile([], to: empty)
            #expect(throws: ImageError.empty(name: empty)) { try reader.read(contentsOf: empty) }
            #expect(throws: ImageError.empty(name: "input")) { try reader.read(data: [], name: "input") }

            let loop = folder + "/loop.jpg"
            try #require(symlink("loop.jpg", loop) == 0)
            #expect(throws: ImageError.unreadable(name: loop, reason: "Too many levels of symbolic links")) {
                try reader.read(contentsOf: loop)
            }
        }
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may read everything"))
    func filesWithoutPermission() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/locked.jpg"
            try writeFile(Fixture.data("420.jpg"), to: path)
            try #require(chmod(path, 0) == 0)
            #expect(throws: ImageError.unreadable(name: path, reason: "Permission denied")) {
                try ImageReader().read(contentsOf: path)
            }
        }
    }

    @Test func damageNeverCrashes() throws {
        var random = SystemRandomNumberGenerator()
        for name in ["420.jpg", "progressive.jpg", "interlaced.png", "alpha.webp", "lzw.tif", "display-p3.png"] {
            for _ in 0..<40 {
                var data = try Fixture.data(name)
                for _ in 0..<4 { data[Int.random(in: 0..<data.count, using: &random)] = UInt8.random(in: 0...255) }
                var reader = ImageReader()
                reader.pixelLimit = 1_000_000
                if let image = try? reader.read(data: data, name: name) {
                    #expect(image.pixels.count == image.width * image.height * 3)
                }
            }
        }
    }
}
