/// The transfer function that a HEIF or AVIF file names for its pictures, which libvips passes over.
///
/// Source: ISO/IEC 14496-12, section 4.2 (boxes) and 12.1.5 (colr); ISO/IEC 23008-12, section 9.3 (iprp, ipco).
enum HEIFColor {
    /// The first code of a colr box of kind nclx (ITU-T H.273) that means high dynamic range, otherwise the first.
    static func transfer(_ bytes: SourceBytes) -> Int? {
        var found: [Int] = []
        search(bytes, from: 0, to: Int.max, path: ["meta", "iprp", "ipco"], &found)
        return found.first { HDRTransfer(code: $0) != nil } ?? found.first
    }

    private static func search(_ bytes: SourceBytes, from: Int, to end: Int, path: [String], _ found: inout [Int]) {
        var offset = from
        // A bound for files made to last long.
        for _ in 0..<4096 where offset < end {
            let head = bytes.read(at: offset, count: 16)
            guard head.count >= 8 else { return }
            var (size, start) = (head[..<4].reduce(0) { $0 << 8 | Int($1) }, offset + 8)
            if size == 1, head.count == 16 {
                (size, start) = (head[8...].reduce(0) { ($0 & Int.max >> 9) << 8 | Int($1) }, offset + 16)
            }
            guard size >= 8, size < Int.max / 4 else { return }
            let kind = String(decoding: head[4..<8], as: UTF8.self)
            if let wanted = path.first {
                if kind == wanted {
                    // A meta box has a version and flags before its content.
                    search(
                        bytes, from: kind == "meta" ? start + 4 : start, to: offset + size,
                        path: Array(path.dropFirst()), &found)
                }
            } else if kind == "colr" {
                let color = bytes.read(at: start, count: 8)
                if color.count == 8, color[..<4].elementsEqual("nclx".utf8) {
                    found.append(Int(color[6]) << 8 | Int(color[7]))
                }
            }
            offset += size
        }
    }
}
