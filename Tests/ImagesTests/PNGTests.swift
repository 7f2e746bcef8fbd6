import Foundation
import Testing

@testable import Images

@Suite struct PNGTests {
    /// Values that fall on no common pattern; alpha is opaque so that reading back keeps the colors.
    private func picture(channels: Int, width: Int = 5, height: Int = 3) throws -> Image {
        let samples = (0..<width * height * channels).map { index -> UInt8 in
            channels == 4 && index % 4 == 3 ? 255 : UInt8(index * 37 % 256)
        }
        return try Image(width: width, height: height, channels: channels, pixels: samples)
    }

    /// What `ImageReader` makes of an opaque picture.
    private func asRGB(_ image: Image) throws -> Image {
        let pixels = stride(from: 0, to: image.pixels.count, by: image.channels).flatMap { start in
            (0..<3).map { image.pixels[start + (image.channels == 1 ? 0 : $0)] }
        }
        return try Image(width: image.width, height: image.height, channels: 3, pixels: pixels)
    }

    @Test(arguments: [1, 3, 4], [PNGCompression.none, .fast, .standard, .small])
    func whatIsWrittenIsReadBack(channels: Int, compression: PNGCompression) throws {
        let image = try picture(channels: channels)
        let data = try image.pngData(compression: compression)
        // IHDR: 8 bits, color type 0 gray, 2 RGB, 6 RGBA.
        #expect(Array(data[24..<26]) == [8, [1: 0, 3: 2, 4: 6][channels]])
        expectEqual(try ImageReader().read(data: data, name: "png"), try asRGB(image))
    }

    @Test func textIsKept() throws {
        let image = try picture(channels: 3)
        let data = try image.pngData(text: ["iou": "0.5", "note": "easy, 12"])
        // Compressed text: what follows the keyword is zlib's.
        for chunk in ["zTXtiou\u{0}\u{0}", "zTXtnote\u{0}\u{0}"] {
            #expect(Data(data).range(of: Data(chunk.utf8)) != nil)
        }
        expectEqual(try ImageReader().read(data: data, name: "png"), image)
    }

    @Test(arguments: [1, 3])
    func thumbnailsKeepProportions(channels: Int) throws {
        let image = try Image(
            width: 300, height: 100, channels: channels, pixels: [UInt8](repeating: 77, count: 30000 * channels))
        let small = try image.thumbnail(side: 60)
        #expect((small.width, small.height, small.channels) == (60, 20, channels))
        #expect(small.pixels.allSatisfy { $0 == 77 })
        #expect(try small.thumbnail(side: 60) == small)
    }

    @Test(arguments: [1, 4])
    func tallPicturesAreReadStripByStrip(channels: Int) throws {
        // Gray and alpha have several operations read the same rows of a decoder that only goes forward.
        let image = try picture(channels: channels, width: 9, height: 3001)
        expectEqual(try ImageReader().read(data: image.pngData(), name: "png"), try asRGB(image))
    }

    @Test func writingReplacesTheFileAndLeavesNothingBehind() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/mask.png"
            try writeFile(Array("old".utf8), to: path)
            let image = try picture(channels: 1)
            try image.write(to: path)
            expectEqual(try ImageReader().read(contentsOf: path), try asRGB(image))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["mask.png"])
        }
    }

    @Test func readersNeverSeeAPart() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("mask.png").path
        let image = try Fixture.expected("scene.ppm")
        try image.write(to: path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask { for _ in 0..<20 { try image.write(to: path) } }
                group.addTask {
                    for _ in 0..<40 {
                        let read = try ImageReader().read(contentsOf: path)
                        #expect(read == image)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["mask.png"])
    }
}
