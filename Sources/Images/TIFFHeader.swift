/// What the first directory of a TIFF file says about the kind of picture in it.
///
/// Source: TIFF 6.0, sections 2 and 8; DNG 1.7, "NewSubFileType", "DNGVersion"; BigTIFF is told by its 43.
struct TIFFHeader {
    private var tags: [Int: [Int]] = [:]
    private let isCanonRaw: Bool

    /// Reads the first directory; nil when it makes no sense.
    init?(_ bytes: SourceBytes) {
        let start = bytes.read(at: 0, count: 16)
        guard start.count == 16 else { return nil }
        let isBig = start[2] == 43 || start[3] == 43
        let swaps = start[0] == 0x4D
        isCanonRaw = start[8...9].elementsEqual("CR".utf8)
        func number(_ bytes: ArraySlice<UInt8>) -> Int {
            // Unsigned numbers of 64 bits that do not fit make no sense as offsets and counts.
            Int(
                truncatingIfNeeded: (swaps ? Array(bytes) : bytes.reversed()).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            )
        }
        let width = isBig ? 8 : 4
        let directory = isBig ? number(start[8..<16]) : number(start[4..<8])
        guard directory > 0, directory < Int.max / 2 else { return nil }
        let countWidth = isBig ? 8 : 2
        let count = number(bytes.read(at: directory, count: countWidth)[...])
        guard (1...4096).contains(count) else { return nil }
        let entrySize = 4 + 2 * width
        let entries = bytes.read(at: directory + countWidth, count: count * entrySize)
        for start in stride(from: 0, to: entries.count - entrySize + 1, by: entrySize) {
            let entry = entries[start..<start + entrySize]
            let type = number(entry[start + 2..<start + 4])
            let length = number(entry[start + 4..<start + 4 + width])
            guard let size = [1: 1, 3: 2, 4: 4, 13: 4, 16: 8][type], (1...768).contains(length) else { continue }
            let value = entry[(start + 4 + width)...]
            let data = size * length <= width ? Array(value) : bytes.read(at: number(value), count: size * length)
            guard data.count >= size * length else { continue }
            tags[number(entry[start..<start + 2])] = (0..<length).map { number(data[$0 * size..<($0 + 1) * size]) }
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
