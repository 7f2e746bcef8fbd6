/// What of a WebP file libvips does not tell: how its pixels are compressed.
///
/// Source: WebP Container Specification, "Extended File Format".
struct WebPHeader {
    private(set) var isLossless = false
    private(set) var isAnimated = false

    /// Looks at the chunks before the pixels; nil when they make no sense.
    init?(_ bytes: SourceBytes) {
        var offset = 12
        // A bound for files made to last long.
        for _ in 0..<256 {
            let head = bytes.read(at: offset, count: 8)
            guard head.count == 8 else { return nil }
            let length = head[4...].reversed().reduce(0) { $0 << 8 | Int($1) }
            switch String(decoding: head[..<4], as: UTF8.self) {
            case "VP8L":
                isLossless = true
                return
            case "VP8 ": return
            case "ANMF":
                isAnimated = true
                // The frame's place and duration stand before its own chunks.
                offset += 8 + 16
            default: offset += 8 + length + length % 2
            }
        }
        return nil
    }
}
