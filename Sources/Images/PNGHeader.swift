/// What of a PNG file libvips does not tell: the bits of its samples and the colors of its palette.
///
/// Source: PNG specification, third edition, sections 11.2.1 and 11.2.2.
struct PNGHeader {
    /// Bits of a sample, or of an index into the palette: 1, 2, 4, 8 or 16.
    let bits: Int
    /// Red, green and blue by index; nil without one.
    private(set) var palette: [[UInt8]]?
    /// What a cICP chunk names.
    private(set) var codes: ColorCodes?

    /// Whether there are several frames, of which libvips reads one.
    private(set) var isAnimated = false

    /// Looks at the chunks before the pixels; nil when they make no sense.
    init?(_ bytes: SourceBytes) {
        let start = bytes.read(at: 0, count: 33)
        guard start.count == 33 else { return nil }
        bits = Int(start[24])
        let usesPalette = start[25] == 3
        var offset = 33
        while true {
            let head = bytes.read(at: offset, count: 8)
            guard head.count == 8 else { return nil }
            let length = head[..<4].reduce(0) { $0 << 8 | Int($1) }
            let kind = String(decoding: head[4...], as: UTF8.self)
            if kind == "IDAT" || kind == "IEND" { return }
            if kind == "PLTE", usesPalette, length <= 768 {
                let colors = bytes.read(at: offset + 8, count: length)
                palette = stride(from: 0, to: colors.count - 2, by: 3).map { Array(colors[$0..<$0 + 3]) }
            }
            if kind == "acTL" { isAnimated = bytes.read(at: offset + 8, count: 4).reduce(0) { $0 << 8 | Int($1) } > 1 }
            if kind == "cICP", length == 4 {
                let numbers = bytes.read(at: offset + 8, count: 2).map(Int.init)
                if numbers.count == 2 { codes = ColorCodes(primaries: numbers[0], transfer: numbers[1]) }
            }
            offset += 12 + length
        }
    }
}
