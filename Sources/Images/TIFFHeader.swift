/// What the first directory of a TIFF file says about the kind of picture in it.
///
/// Source: TIFF 6.0, sections 2 and 8; DNG 1.7, "NewSubFileType", "DNGVersion"; BigTIFF is told by its 43.
struct TIFFHeader {
    private let tags: [Int: [Int]]
    private let isCanonRaw: Bool
    /// Whether other pictures follow that are neither smaller copies of the first nor its transparency.
    private(set) var hasMorePictures = false

    /// Reads the first directory, and looks at those behind it; nil when the first makes no sense.
    init?(_ bytes: SourceBytes) {
        guard let layout = Layout(bytes), let first = layout.directory(at: layout.start) else { return nil }
        (tags, isCanonRaw) = (first.tags, layout.isCanonRaw)
        var next = first.next
        // A bound for files whose directories form a circle.
        for _ in 0..<64 {
            guard let directory = layout.directory(at: next) else { break }
            let (kind, oldKind) = (directory.tags[254]?.first ?? 0, directory.tags[255]?.first)
            if kind & 5 == 0, oldKind != 2 {
                hasMorePictures = true
                break
            }
            next = directory.next
        }
    }

    /// How a file's numbers are stored.
    private struct Layout {
        let bytes: SourceBytes
        let isBig: Bool
        let swaps: Bool
        let isCanonRaw: Bool
        private(set) var start = 0

        init?(_ bytes: SourceBytes) {
            let head = bytes.read(at: 0, count: 16)
            guard head.count == 16 else { return nil }
            self.bytes = bytes
            isBig = head[2] == 43 || head[3] == 43
            swaps = head[0] == 0x4D
            isCanonRaw = head[8...9].elementsEqual("CR".utf8)
            start = isBig ? number(head[8..<16]) : number(head[4..<8])
        }

        private func number(_ bytes: ArraySlice<UInt8>) -> Int {
            // Unsigned numbers of 64 bits that do not fit make no sense as offsets and counts.
            Int(
                truncatingIfNeeded: (swaps ? Array(bytes) : bytes.reversed()).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            )
        }

        /// The numbers of a directory by their tags, and where the next one is; nil when it makes no sense.
        func directory(at offset: Int) -> (tags: [Int: [Int]], next: Int)? {
            let width = isBig ? 8 : 4
            guard offset > 0, offset < Int.max / 2 else { return nil }
            let countWidth = isBig ? 8 : 2
            let count = number(bytes.read(at: offset, count: countWidth)[...])
            guard (1...4096).contains(count) else { return nil }
            let entrySize = 4 + 2 * width
            let entries = bytes.read(at: offset + countWidth, count: count * entrySize)
            var tags: [Int: [Int]] = [:]
            for start in stride(from: 0, to: entries.count - entrySize + 1, by: entrySize) {
                let entry = entries[start..<start + entrySize]
                let type = number(entry[start + 2..<start + 4])
                let length = number(entry[start + 4..<start + 4 + width])
                guard let size = [1: 1, 3: 2, 4: 4, 13: 4, 16: 8][type], (1...768).contains(length) else { continue }
                let value = entry[(start + 4 + width)...]
                let data = size * length <= width ? Array(value) : bytes.read(at: number(value), count: size * length)
                guard data.count >= size * length else { continue }
                tags[number(entry[start..<start + 2])] = (0..<length).map {
                    number(data[$0 * size..<($0 + 1) * size])
                }
            }
            return (tags, number(bytes.read(at: offset + countWidth + count * entrySize, count: width)[...]))
        }
    }

    /// Whether a camera's sensor data are in the file, and what stands first is at best a small picture of them.
    ///
    /// DNG has its version; NEF, ARW, PEF, SRW and others put a reduced picture (bit 0 of NewSubfileType) before the SubIFD with the sensor's
    /// data, or sensor data (a color filter array, linear raw) first.
    var isCameraRaw: Bool {
        let isReduced = (tags[254]?.first ?? 0) & 1 == 1
        let (dngVersion, subdirectories, photometric, compression) = (50706, 330, tags[262]?.first, tags[259]?.first)
        return isCanonRaw || tags[dngVersion] != nil || isReduced && tags[subdirectories] != nil
            || [32803, 34892].contains(photometric) || [32767, 34713, 65535].contains(compression)
    }

    /// Whether the first picture of the file is a small one of another.
    var beginsWithReducedPicture: Bool { (tags[254]?.first ?? 0) & 1 == 1 }

    /// Whether samples are luminance and chroma that no JPEG decoder turns into RGB.
    var hasPlainYCbCr: Bool { tags[262]?.first == 6 && ![6, 7].contains(tags[259]?.first) }

    /// Whether 0 is white.
    var isWhiteZero: Bool { tags[262]?.first == 0 }

    /// Whether the pixels are compressed as JPEG does.
    var isLossy: Bool { [6, 7, 33003, 33005, 34892, 50001].contains(tags[259]?.first) }

    /// Bits of a sample.
    var bits: Int { tags[258]?.first ?? 1 }

    /// Red, green and blue by index, of 8 bits; nil without a palette.
    var palette: [[UInt8]]? {
        guard tags[262]?.first == 3, let colors = tags[320], colors.count % 3 == 0 else { return nil }
        let count = colors.count / 3
        return (0..<count).map { index in (0..<3).map { UInt8(truncatingIfNeeded: colors[$0 * count + index] >> 8) } }
    }
}
