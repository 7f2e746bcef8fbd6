/// The color that a HEIF or AVIF file names for its main picture, which libvips passes over.
///
/// Other pictures of the file may have colors of their own: thumbnails, and gain maps, beside which the main picture is an ordinary one.
///
/// Source: ISO/IEC 14496-12, sections 4.2 (boxes) and 12.1.5 (colr); ISO/IEC 23008-12, sections 8.11.4 (pitm), 8.11.12 (iref), 9.3 (iprp, ipco, ipma).
struct HEIFColor {
    /// A box's content.
    private typealias Box = (kind: String, content: ArraySlice<UInt8>)

    /// Of each property, from 1 on, the codes of a colr box of kind nclx.
    private var properties: [ColorCodes?] = []
    /// The properties of each picture.
    private var associations: [Int: [Int]] = [:]
    /// The pictures that a picture is put together of.
    private var parts: [Int: [Int]] = [:]
    private var main: Int?

    /// The codes of the file's main picture; nil where it has none.
    static func codes(_ bytes: SourceBytes) -> ColorCodes? {
        guard let meta = meta(of: bytes) else { return nil }
        return HEIFColor(meta: meta[...]).mainCodes
    }

    private init(meta: ArraySlice<UInt8>) {
        for box in Self.boxes(in: meta) {
            switch box.kind {
            case "pitm": main = Self.number(box.content, at: 4, bytes: Self.version(box) == 0 ? 2 : 4)
            case "iref": addParts(box)
            case "iprp":
                for box in Self.boxes(in: box.content) {
                    if box.kind == "ipco" { properties = Self.boxes(in: box.content).map(Self.codes) }
                    if box.kind == "ipma" { addAssociations(box) }
                }
            default: break
            }
        }
    }

    private var mainCodes: ColorCodes? {
        guard let main else { return nil }
        // A grid may leave its color to its tiles.
        return ([main] + (parts[main] ?? [])).lazy.compactMap { item in
            associations[item]?.lazy.compactMap { properties.indices.contains($0 - 1) ? properties[$0 - 1] : nil }.first
        }.first
    }

    private mutating func addAssociations(_ box: Box) {
        let (idBytes, isWide) = (Self.version(box) == 0 ? 2 : 4, (box.content.dropFirst(3).first ?? 0) & 1 == 1)
        var rest = box.content.dropFirst(8)
        while let item = Self.number(rest, at: 0, bytes: idBytes), let count = rest.dropFirst(idBytes).first {
            rest = rest.dropFirst(idBytes + 1)
            for _ in 0..<count {
                guard let index = Self.number(rest, at: 0, bytes: isWide ? 2 : 1) else { return }
                associations[item, default: []].append(index & (isWide ? 0x7FFF : 0x7F))
                rest = rest.dropFirst(isWide ? 2 : 1)
            }
        }
    }

    private mutating func addParts(_ box: Box) {
        let idBytes = Self.version(box) == 0 ? 2 : 4
        for reference in Self.boxes(in: box.content.dropFirst(4)) where reference.kind == "dimg" {
            guard let from = Self.number(reference.content, at: 0, bytes: idBytes) else { continue }
            let list = reference.content.dropFirst(idBytes + 2)
            parts[from, default: []] += stride(from: 0, to: list.count, by: idBytes)
                .compactMap { Self.number(list, at: $0, bytes: idBytes) }
        }
    }

    private static func codes(of box: Box) -> ColorCodes? {
        guard box.kind == "colr", box.content.prefix(4).elementsEqual("nclx".utf8),
            let primaries = number(box.content, at: 4, bytes: 2), let transfer = number(box.content, at: 6, bytes: 2)
        else { return nil }
        return ColorCodes(primaries: primaries, transfer: transfer)
    }

    private static func version(_ box: Box) -> UInt8 { box.content.first ?? 0 }

    /// A big-endian number; nil beyond the end.
    private static func number(_ bytes: ArraySlice<UInt8>, at offset: Int, bytes count: Int) -> Int? {
        let part = bytes.dropFirst(offset).prefix(count)
        return part.count == count ? part.reduce(0) { $0 << 8 | Int($1) } : nil
    }

    private static func boxes(in bytes: ArraySlice<UInt8>) -> [Box] {
        var (found, rest): ([Box], ArraySlice<UInt8>) = ([], bytes)
        while let size = number(rest, at: 0, bytes: 4), size >= 8, size <= rest.count {
            found.append((String(decoding: rest.dropFirst(4).prefix(4), as: UTF8.self), rest.prefix(size).dropFirst(8)))
            rest = rest.dropFirst(size)
        }
        return found
    }

    /// The boxes within the file's meta box, whose head they follow; nil without one, or of one made to take memory.
    private static func meta(of bytes: SourceBytes) -> [UInt8]? {
        var offset = 0
        // A bound for files made to last long.
        for _ in 0..<4096 {
            let head = bytes.read(at: offset, count: 16)
            guard head.count >= 8 else { return nil }
            var (size, start) = (head[..<4].reduce(0) { $0 << 8 | Int($1) }, offset + 8)
            if size == 1, head.count == 16 {
                (size, start) = (head[8...].reduce(0) { ($0 & Int.max >> 9) << 8 | Int($1) }, offset + 16)
            }
            guard size >= 8, size < Int.max / 4 else { return nil }
            if head[4..<8].elementsEqual("meta".utf8) {
                // A version and flags stand before its content.
                return size <= 1 << 22 ? bytes.read(at: start + 4, count: offset + size - start - 4) : nil
            }
            offset += size
        }
        return nil
    }
}

/// Numbers of ITU-T H.273 for a picture's color.
struct ColorCodes: Equatable {
    let primaries: Int
    let transfer: Int
}
