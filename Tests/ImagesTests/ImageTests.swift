import Testing

@testable import Images

@Suite struct ImageTests {
    @Test(arguments: [1, 3, 4])
    func samplesOfTheRightNumberAreTaken(channels: Int) throws {
        let image = try Image(
            width: 2, height: 5, channels: channels, pixels: Array(repeating: 7, count: 10 * channels))
        #expect((image.width, image.height, image.channels) == (2, 5, channels))
    }

    @Test(arguments: [
        (0, 5, 3, 0), (2, 0, 3, 0), (-1, -1, 3, 3), (2, 5, 2, 20), (2, 5, 3, 29), (2, 5, 3, 33), (5, 2, 0, 0),
        (Int.max, Int.max, 4, 4),
    ])
    func anythingElseIsRefused(width: Int, height: Int, channels: Int, sampleCount: Int) {
        let samples = [UInt8](repeating: 0, count: sampleCount)
        let expected = ImageError.invalidPixels(
            width: width, height: height, channels: channels, sampleCount: sampleCount)
        #expect(throws: expected) {
            try Image(width: width, height: height, channels: channels, pixels: samples)
        }
    }
}
