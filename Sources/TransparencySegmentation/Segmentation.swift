public import Images

/// Where a picture shows something transparent, at the picture's own size.
public struct Segmentation: Sendable {
    public let width: Int
    public let height: Int
    /// How surely each pixel is transparent, 0…1, row by row.
    public let softMask: [Float]
    /// 0 background, 1 things, 2 stuff, row by row; nil of a model that predicts no classes (``MaskTarget/binary``).
    public let classes: [UInt8]?
    /// The soft value above which a pixel counts as transparent.
    public let threshold: Float
    /// Seconds for this picture; those of a batch are shared equally among its pictures.
    public let timings: Timings
    /// Passes of the model that this picture was in.
    public let passCount: Int

    /// - Parameters:
    ///   - mask: The mask at the picture's size.
    ///   - threshold: The soft value above which a pixel counts as transparent.
    ///   - timings: Seconds for this picture.
    ///   - passCount: Passes of the model that this picture was in.
    public init(_ mask: SoftMask, threshold: Float = 0.5, timings: Timings = Timings(), passCount: Int = 1) {
        (width, height, softMask) = (mask.width, mask.height, mask.values)
        classes = mask.classes(above: Double(threshold))
        (self.threshold, self.timings, self.passCount) = (threshold, timings, passCount)
    }

    /// The soft mask as a gray picture: 0 opaque, 255 transparent.
    public func softImage() throws -> Image {
        try Image(width: width, height: height, channels: 1, pixels: softMask.map { UInt8(($0 * 255).rounded()) })
    }

    /// The quantized mask as a gray picture: 0 or 255.
    public func maskImage() throws -> Image {
        try Image(width: width, height: height, channels: 1, pixels: softMask.map { $0 > threshold ? 255 : 0 })
    }

    /// The classes in Trans10K's colors: things red, stuff white, the rest black. nil where there are none.
    public func classesImage() throws -> Image? {
        try classes.map { try Image(classes: Image(width: width, height: height, channels: 1, pixels: $0)) }
    }

    /// What each pixel is, one channel: 0 background; 1 things and 2 stuff of a model that tells them apart, of others 1 what is transparent.
    package func labels() throws -> Image {
        try Image(
            width: width, height: height, channels: 1, pixels: classes ?? softMask.map { $0 > threshold ? 1 : 0 })
    }

    /// The share of pixels that are transparent, 0…1.
    public var transparentShare: Double {
        Double(softMask.count { $0 > threshold }) / Double(max(softMask.count, 1))
    }

    /// The picture with its transparent pixels tinted towards `color`, half and half.
    ///
    /// - Parameters:
    ///   - picture: The picture that was segmented, RGB.
    ///   - color: Red, green and blue.
    /// - Throws: ``SegmentationError/size(_:)`` when it has another size.
    public func overlay(on picture: Image, color: (UInt8, UInt8, UInt8) = (255, 0, 80)) throws -> Image {
        try check(picture)
        let tint = [color.0, color.1, color.2].map(UInt16.init)
        var pixels = picture.pixels
        for index in softMask.indices where softMask[index] > threshold {
            for channel in 0..<3 {
                let position = 3 * index + channel
                pixels[position] = UInt8((UInt16(pixels[position]) + tint[channel]) / 2)
            }
        }
        return try Image(width: width, height: height, channels: 3, pixels: pixels)
    }

    /// The picture with the soft mask as its alpha: what is transparent in the world stays, all else vanishes.
    ///
    /// - Parameter picture: The picture that was segmented, RGB.
    /// - Throws: ``SegmentationError/size(_:)`` when it has another size.
    public func cutout(of picture: Image) throws -> Image {
        try check(picture)
        let pixels = [UInt8](unsafeUninitializedCapacity: 4 * softMask.count) { buffer, initialized in
            for index in softMask.indices {
                for channel in 0..<3 { buffer[4 * index + channel] = picture.pixels[3 * index + channel] }
                buffer[4 * index + 3] = UInt8((softMask[index] * 255).rounded())
            }
            initialized = 4 * softMask.count
        }
        return try Image(width: width, height: height, channels: 4, pixels: pixels)
    }

    func check(_ picture: Image) throws {
        guard picture.width == width, picture.height == height, picture.channels == 3 else {
            throw SegmentationError.size(
                "the picture is \(picture.width) × \(picture.height) with \(picture.channels) channels; the mask is of an "
                    + "RGB picture of \(width) × \(height)")
        }
    }
}
