import Images

extension StoredSamples {
    /// A file of one row, of 16 bits with their high bytes beside them.
    init(
        row samples: [UInt16], channels: Int, bits: Int, alpha: [UInt8]?, palette: [[UInt8]]?, isLossy: Bool = false
    ) {
        self.init(
            width: samples.count / channels, height: 1, channels: channels, bits: bits,
            samples: samples.map { UInt8($0 >> (bits == 16 ? 8 : 0)) }, wideSamples: bits == 16 ? samples : nil,
            alpha: alpha, palette: palette, isLossy: isLossy)
    }
}
