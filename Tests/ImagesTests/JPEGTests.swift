import Testing

@testable import Images

@Suite struct JPEGTests {
    @Test func whatIsWrittenIsNearlyReadBack() throws {
        let image = try Fixture.expected("scene.ppm")
        let data = try image.jpegData(quality: 100)
        #expect(data.starts(with: [0xFF, 0xD8, 0xFF]))
        expectEqual(try ImageReader().read(data: data, name: "jpeg"), image, tolerance: 6)
        #expect(try image.jpegData(quality: 30).count < data.count)
    }

    @Test func grayStaysGray() throws {
        let image = try Image(width: 16, height: 8, channels: 1, pixels: Array(repeating: 77, count: 128))
        let read = try ImageReader().read(data: image.jpegData(), name: "jpeg")
        #expect(read.pixels.allSatisfy { abs(Int($0) - 77) <= 1 })
    }
}
