import Foundation
import Testing

@testable import Images

@Suite struct DecodingTests {
    @Test(arguments: [
        "420.jpg", "422.jpg", "444.jpg", "gray.jpg", "gray.png", "palette.png", "palette-4bit.png", "one-bit.png",
        "one-bit.tif", "lossy.webp",
    ])
    func equalsPillow(name: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected(name + ".ppm"))
    }

    @Test(arguments: ["progressive.jpg", "restart.jpg"])
    func otherOrdersOfTheSameCoefficientsGiveTheSamePixels(name: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected("420.jpg.ppm"))
    }

    @Test(arguments: ["rgb.png", "interlaced.png", "lzw.tif"])
    func losslessFilesGiveTheOriginal(name: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected("small.ppm"))
    }

    @Test func comparisonNoticesAnotherPicture() throws {
        #expect(worstDifference(try Fixture.read("420.jpg"), try Fixture.expected("444.jpg.ppm")).difference > 0)
    }

    @Test(arguments: [("rgb-16.png", "small.ppm"), ("gray-16.png", "gray-16.png.ppm")])
    func sixteenBitsBecomeTheirHighByte(name: String, expected: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected(expected))
    }

    @Test(arguments: ["two-frames.webp", "two-frames.png", "two-pages.tif"])
    func firstPictureOfSeveral(name: String) throws {
        expectEqual(try Fixture.read(name), try Fixture.expected("small.ppm"))
    }

    @Test(.enabled(if: ImageReader.formats.contains("HEIC/AVIF")))
    func avif() throws {
        // Quality 95 loses about this much at the noisy quarter and the disc's edge.
        expectEqual(try Fixture.read("scene.avif"), try Fixture.expected("scene.ppm"), tolerance: 40)
    }

    @Test func dataAndFileGiveTheSamePicture() throws {
        for name in ["420.jpg", "alpha.png", "lossy.webp", "lzw.tif"] {
            let image = try ImageReader().read(data: Fixture.data(name), name: "standard input")
            expectEqual(image, try Fixture.read(name), name)
        }
    }

    @Test func formatIsRecognizedByContent() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/really-a-jpeg.png"
            try writeFile(Fixture.data("420.jpg"), to: path)
            expectEqual(try ImageReader().read(contentsOf: path), try Fixture.expected("420.jpg.ppm"))
        }
    }

    /// As `<(…)` and `/dev/stdin` give one.
    @Test func readsThroughAShellsPipe() throws {
        let pipe = Pipe()
        let data = try Fixture.data("420.jpg")
        let writer = Thread {
            pipe.fileHandleForWriting.write(Data(data))
            try? pipe.fileHandleForWriting.close()
        }
        writer.start()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        expectEqual(try ImageReader().read(contentsOf: path), try Fixture.expected("420.jpg.ppm"))
    }

    @Test func threadsReadAtOnce() async throws {
        let names = ["420.jpg", "orientation-6.jpg", "display-p3.png", "alpha.png", "lossy.webp", "lzw.tif"]
        let alone = try names.map { try Fixture.read($0) }
        let together = try await withThrowingTaskGroup(of: (Int, Image).self) { group in
            for round in 0..<120 {
                group.addTask { (round % names.count, try Fixture.read(names[round % names.count])) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(together.count == 120)
        for (index, image) in together { expectEqual(image, alone[index], names[index]) }
    }

    @Test func supportedNames() {
        #expect(ImageReader.formats.starts(with: ["JPEG", "PNG"]))
        for name in ["a.jpg", "a.JPEG", "b.c.Png", "/x y/z.webp", "q.tif", "q.TIFF"] {
            #expect(ImageReader.isSupported(fileName: name), "\(name)")
        }
        for name in ["a.txt", "jpg", "a.svg", "a.pdf", "a.jpg.part", "", "a.gif"] {
            #expect(!ImageReader.isSupported(fileName: name), "\(name)")
        }
        #expect(ImageReader.isSupported(fileName: "a.HEIC") == ImageReader.formats.contains("HEIC/AVIF"))
    }
}
