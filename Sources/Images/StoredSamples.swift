/// The samples of a picture file as they stand in it, for masks, whose values have meanings: without color profile, not turned.
package struct StoredSamples: Sendable {
    package let width: Int
    package let height: Int
    /// 1 for gray, 3 for RGB, also that of a palette.
    package let channels: Int
    /// Bits of a sample, or of an index into the palette: 1, 2, 4, 8 or 16.
    package let bits: Int
    /// `width * height * channels` samples, interleaved, rows from top to bottom: those of fewer than 8 bits stretched to 0…255, of 16 bits the
    /// high byte.
    package let samples: [UInt8]
    /// The same of 16 bits as they are; nil of others.
    package let wideSamples: [UInt16]?
    /// Of each pixel, 0…255; nil without alpha.
    package let alpha: [UInt8]?
    /// Of each pixel its index into the palette, the first that has its color; nil without a palette.
    package let indices: [UInt8]?
    /// How many colors the palette has, and how many different ones; 0 without a palette.
    package let paletteSize: Int
    package let paletteColors: Int
    /// Whether the file's compression changes samples.
    package let isLossy: Bool
    /// Whether the file's numbers were turned over, for it says that 0 is white (TIFF's WhiteIsZero).
    package let isWhiteZero: Bool

    package init(
        width: Int, height: Int, channels: Int, bits: Int = 8, samples: [UInt8], wideSamples: [UInt16]? = nil,
        alpha: [UInt8]? = nil, palette: [[UInt8]]? = nil, isLossy: Bool = false,
        isWhiteZero: Bool = false
    ) {
        (self.width, self.height, self.channels, self.bits) = (width, height, channels, bits)
        (self.samples, self.wideSamples, self.alpha, self.isLossy) = (samples, wideSamples, alpha, isLossy)
        self.isWhiteZero = isWhiteZero
        (paletteSize, paletteColors) = (palette?.count ?? 0, palette.map { Set($0).count } ?? 0)
        indices = palette.flatMap { channels == 3 ? Self.indices(of: samples, in: $0) : nil }
    }

    /// nil when a color is not in the palette.
    private static func indices(of samples: [UInt8], in palette: [[UInt8]]) -> [UInt8]? {
        var known: [Int: UInt8] = [:]
        for (index, color) in palette.enumerated().reversed() {
            known[Int(color[0]) << 16 | Int(color[1]) << 8 | Int(color[2])] = UInt8(truncatingIfNeeded: index)
        }
        var indices: [UInt8] = []
        indices.reserveCapacity(samples.count / 3)
        var (last, lastIndex) = (-1, UInt8(0))
        for start in stride(from: 0, to: samples.count, by: 3) {
            let color = Int(samples[start]) << 16 | Int(samples[start + 1]) << 8 | Int(samples[start + 2])
            if color != last {
                guard let index = known[color] else { return nil }
                (last, lastIndex) = (color, index)
            }
            indices.append(lastIndex)
        }
        return indices
    }
}
