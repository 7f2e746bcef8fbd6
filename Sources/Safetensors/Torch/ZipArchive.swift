/// The entries of a zip file by its central directory, for files as `torch.save` writes them: every entry stored as it
/// is. Compressed and encrypted entries are refused when asked for.
///
/// Format: PKWARE APPNOTE 6.3.9, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (end
/// records) and 4.5.3 (ZIP64).
struct ZipArchive: Sendable {
    private struct Entry: Sendable {
        let flags: UInt16
        let method: UInt16
        let checksum: UInt32
        let storedByteCount: UInt64
        let byteCount: UInt64
        let headerOffset: UInt64
    }

    /// As much of an entry as is in memory at once while its checksum is worked out.
    private static let pieceByteCount = 1 << 26

    private let mapping: MappedFile
    private let entries: [String: Entry]
    /// Where the central directory begins; no entry may reach into it.
    private let directoryOffset: Int

    /// The names of all entries.
    var names: some Collection<String> { entries.keys }

    /// Reads the central directory. Throws `malformed` or `outOfBounds`.
    init(_ mapping: MappedFile) throws {
        let directory = try ZipDirectory(of: mapping)
        var entries: [String: Entry] = [:]
        var position = directory.byteOffset
        for _ in 0..<directory.entryCount {
            let (name, entry, next) = try Self.entry(at: position, in: mapping)
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw SafetensorsError.malformed(path: mapping.path, reason: "its entry \(name.quoted) comes twice")
            }
            position = next
        }
        guard position == directory.byteOffset + directory.byteCount else {
            throw SafetensorsError.malformed(path: mapping.path, reason: "its zip directory has a wrong size")
        }
        self.mapping = mapping
        self.entries = entries
        directoryOffset = directory.byteOffset
    }

    /// The content of an entry, or nil if there is none of that name.
    ///
    /// Throws `refusedTorchFile` if it is compressed or encrypted; `malformed` or `outOfBounds` if it is damaged.
    func contents(of name: String) throws -> [UInt8]? {
        guard let place = try place(of: name) else { return nil }
        try check(name, at: place)
        return try mapping.bytes(at: place.lowerBound, count: place.count)
    }

    /// Where the bytes of an entry lie in the file, which are not read; nil if there is none of that name.
    func place(of name: String) throws -> Range<Int>? {
        guard let entry = entries[name] else { return nil }
        guard entry.method == 0, entry.flags & 1 == 0 else {
            throw SafetensorsError.refusedTorchFile(
                path: mapping.path,
                reason: "its entry \(name.quoted) is compressed or encrypted, which torch.save never does")
        }
        guard entry.storedByteCount == entry.byteCount, let byteCount = Int(exactly: entry.byteCount),
            let header = Int(exactly: entry.headerOffset), header < directoryOffset
        else { throw malformed(name, "has a wrong size or offset") }

        guard try mapping.littleEndian(UInt32.self, at: header) == 0x0403_4B50 else {
            throw malformed(name, "has no local header")
        }
        let nameByteCount = Int(try mapping.littleEndian(UInt16.self, at: header + 26))
        let extraByteCount = Int(try mapping.littleEndian(UInt16.self, at: header + 28))
        // Both headers must agree, or another reader would take these bytes for another entry.
        guard String(validUTF8: try mapping.bytes(at: header + 30, count: nameByteCount)) == name else {
            throw malformed(name, "has another name in its local header")
        }
        let start = header + 30 + nameByteCount + extraByteCount
        guard start <= directoryOffset, byteCount <= directoryOffset - start else {
            throw malformed(name, "reaches beyond the data")
        }
        return start..<start + byteCount
    }

    /// Throws `malformed` unless the bytes are those that were written.
    func check(_ name: String, at place: Range<Int>) throws {
        var checksum = 0 as UInt32
        for start in stride(from: place.lowerBound, to: place.upperBound, by: Self.pieceByteCount) {
            let count = min(Self.pieceByteCount, place.upperBound - start)
            checksum = try mapping.withUnsafeBytes(byteOffset: start, byteCount: count) {
                CRC32.checksum(of: $0, after: checksum)
            }
            mapping.evict(byteOffset: start, byteCount: count)
        }
        guard checksum == entries[name]?.checksum else { throw malformed(name, "fails its CRC-32 checksum") }
    }

    private func malformed(_ name: String, _ reason: String) -> SafetensorsError {
        .malformed(path: mapping.path, reason: "its entry \(name.quoted) \(reason)")
    }

    /// Reads one record of the central directory; `next` is where the one after it begins.
    private static func entry(
        at position: Int, in mapping: MappedFile
    ) throws -> (name: String, entry: Entry, next: Int) {
        guard try mapping.littleEndian(UInt32.self, at: position) == 0x0201_4B50 else {
            throw SafetensorsError.malformed(
                path: mapping.path, reason: "its zip directory has fewer entries than said")
        }
        let nameByteCount = Int(try mapping.littleEndian(UInt16.self, at: position + 28))
        let extraByteCount = Int(try mapping.littleEndian(UInt16.self, at: position + 30))
        let commentByteCount = Int(try mapping.littleEndian(UInt16.self, at: position + 32))
        let nameBytes = try mapping.bytes(at: position + 46, count: nameByteCount)
        let extra = position + 46 + nameByteCount
        guard let name = String(validUTF8: nameBytes) else {
            throw SafetensorsError.malformed(path: mapping.path, reason: "it has an entry whose name is not UTF-8")
        }
        // The order matters: a field is in the ZIP64 record only if its 32-bit place is all ones.
        var wide = try wideFields(at: extra, byteCount: extraByteCount, in: mapping)
        let byteCount = try wide.value(of: mapping.littleEndian(UInt32.self, at: position + 24))
        let storedByteCount = try wide.value(of: mapping.littleEndian(UInt32.self, at: position + 20))
        let headerOffset = try wide.value(of: mapping.littleEndian(UInt32.self, at: position + 42))
        let entry = Entry(
            flags: try mapping.littleEndian(UInt16.self, at: position + 8),
            method: try mapping.littleEndian(UInt16.self, at: position + 10),
            checksum: try mapping.littleEndian(UInt32.self, at: position + 16),
            storedByteCount: storedByteCount, byteCount: byteCount, headerOffset: headerOffset)
        return (name, entry, extra + extraByteCount + commentByteCount)
    }

    /// The 64-bit values of an entry, taken one after the other.
    private struct WideFields {
        let path: String
        var values: ArraySlice<UInt64> = []

        mutating func value(of narrow: UInt32) throws -> UInt64 {
            guard narrow == .max else { return UInt64(narrow) }
            guard let value = values.popFirst() else {
                throw SafetensorsError.malformed(path: path, reason: "an entry lacks its ZIP64 sizes")
            }
            return value
        }
    }

    /// Finds the ZIP64 record (tag 1) among the extra fields of an entry.
    private static func wideFields(at start: Int, byteCount: Int, in mapping: MappedFile) throws -> WideFields {
        var position = start
        let end = start + byteCount
        while end - position >= 4 {
            let tag = try mapping.littleEndian(UInt16.self, at: position)
            let size = Int(try mapping.littleEndian(UInt16.self, at: position + 2))
            position += 4
            guard size <= end - position else { break }
            if tag == 1 {
                let offsets = stride(from: position, through: position + size - 8, by: 8)
                let values = try offsets.map { try mapping.littleEndian(UInt64.self, at: $0) }
                return WideFields(path: mapping.path, values: values[...])
            }
            position += size
        }
        return WideFields(path: mapping.path)
    }
}
