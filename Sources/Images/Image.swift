/// A picture in memory: 8 bits per sample, rows from top to bottom, channels interleaved.
public struct Image: Sendable, Equatable {
    /// Pixels per row, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// Samples per pixel: 1 for gray, 3 for RGB, 4 for RGB with unassociated alpha.
    public let channels: Int
    /// `width * height * channels` samples of 0 to 255; the sample of channel c at (x, y) is at
    /// `(y * width + x) * channels + c`.
    public let pixels: [UInt8]

    /// Makes a picture of `pixels`.
    ///
    /// - Throws: `ImageError.invalidPixels` when a side is below 1, `channels` is not 1, 3 or 4, or the number of
    ///   samples is not `width * height * channels`.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws {
        guard width > 0, height > 0, [1, 3, 4].contains(channels) else {
            throw ImageError.invalidPixels(width: width, height: height, channels: channels, sampleCount: pixels.count)
        }
        // By division: the product of hostile sides could overflow.
        let (rowCount, remainder) = pixels.count.quotientAndRemainder(dividingBy: channels)
        guard remainder == 0, rowCount % width == 0, rowCount / width == height else {
            throw ImageError.invalidPixels(width: width, height: height, channels: channels, sampleCount: pixels.count)
        }
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// Makes a picture of values that are known to fit together.
    init(uncheckedWidth width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
    }
}
