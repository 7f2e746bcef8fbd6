import Foundation
import Testing

@testable import Images

@Suite struct PNGTests {
    /// 5 x 3 with values that fall on no common pattern; alpha is opaque so that reading back keeps the colours.
    private func picture(channels: Int) throws -> Image {
        let samples = (0..<15 * channels).map { index -> UInt8 in
            channels == 4 && index % 4 == 3 ? 255 : UInt8(index * 37 % 256)
        }
        return try Image(width: 5, height: 3, channels: channels, pixels: samples)
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
        // IHDR: 8 bits, colour type 0 grey, 2 RGB, 6 RGBA.
        #expect(Array(data[24..<26]) == [8, [1: 0, 3: 2, 4: 6][channels]])
        expectEqual(try ImageReader().read(data: data, name: "png"), try asRGB(image))
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

    @Test func linksAreFollowed() throws {
        try withTemporaryFolder { folder in
            try writeFile([], to: folder + "/target.png")
            try #require(symlink("target.png", folder + "/link.png") == 0)
            try picture(channels: 3).write(to: folder + "/link.png")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link.png") == "target.png")
            _ = try ImageReader().read(contentsOf: folder + "/target.png")
        }
    }

    @Test func placesThatCannotBeWritten() throws {
        let image = try picture(channels: 3)
        try withTemporaryFolder { folder in
            let missing = folder + "/none/mask.png"
            #expect(throws: ImageError.unwritable(path: missing, reason: "No such file or directory")) {
                try image.write(to: missing)
            }
            #expect(throws: ImageError.unwritable(path: folder, reason: "it is a folder")) {
                try image.write(to: folder)
            }
            #expect(throws: ImageError.unwritable(path: "/dev/null", reason: "it is a device or pipe")) {
                try image.write(to: "/dev/null")
            }
        }
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may write everywhere"))
    func folderWithoutPermission() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/mask.png"
            try writeFile(Array("old".utf8), to: path)
            try #require(chmod(folder, 0o500) == 0)
            defer { chmod(folder, 0o700) }
            #expect(throws: ImageError.unwritable(path: path, reason: "Permission denied")) {
                try picture(channels: 3).write(to: path)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
        }
    }
}
