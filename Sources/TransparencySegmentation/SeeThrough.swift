public import Images

extension Segmentation {
    /// The picture's glass alone, so transparent as it can be: a picture with alpha that may be laid over another background.
    ///
    /// An approximation. Each pixel is taken for C = αF + (1 − α)B, a layer of color F over the background B, with C the picture. B is estimated
    /// from what surrounds the mask, drawn into it by diffusion; α is the least for which an F in range solves the equation (GIMP's "color to
    /// alpha", with B for the color), times the soft mask. So laid over B the picture comes back, highlights and edges stay, and what
    /// looks like the surroundings vanishes. Glass also bends light, which no layer can: what is seen bent or patterned through it
    /// stays as part of the layer. Values are those of sRGB, as most programs lay pictures over each other.
    ///
    /// - Parameter picture: The picture that was segmented, RGB.
    /// - Throws: ``SegmentationError/size(_:)`` when it has another size.
    public func seeThrough(of picture: Image) throws -> Image {
        let background = try background(of: picture)
        let pixels = [UInt8](unsafeUninitializedCapacity: 4 * softMask.count) { buffer, initialized in
            for index in softMask.indices {
                var least: Float = 0
                for channel in 0..<3 {
                    let (c, b) = (Float(picture.pixels[3 * index + channel]), background[3 * index + channel])
                    // F is 255 or 0 where the layer is at its thinnest.
                    let (change, room) = c > b ? (c - b, 255 - b) : (b - c, b)
                    if change > 0.5 { least = max(least, min(1, change / max(room, change))) }
                }
                for channel in 0..<3 {
                    let (c, b) = (Float(picture.pixels[3 * index + channel]), background[3 * index + channel])
                    let color = least > 0 ? (c - (1 - least) * b) / least : c
                    buffer[4 * index + channel] = UInt8(min(255, max(0, color)).rounded())
                }
                buffer[4 * index + 3] = UInt8((least * softMask[index] * 255).rounded())
            }
            initialized = 4 * softMask.count
        }
        return try Image(width: width, height: height, channels: 4, pixels: pixels)
    }

    /// What might be behind the mask: outside the picture itself, inside what surrounds it, drawn in smoothly by diffusion.
    ///
    /// A picture that is masked all over has its mean color.
    ///
    /// - Returns: Three values of 0…255 a pixel, row by row.
    func background(of picture: Image) throws -> [Float] {
        try check(picture)
        // What is a little transparent is hardly the background.
        let weights = softMask.map { $0 < min(threshold, 0.5) ? (1 - $0) * (1 - $0) : 0 }
        return Diffusion.filled(
            picture.pixels.map(Float.init), weights: weights, width: width, height: height)
    }
}
