/// Where the central directory of a zip file lies, from the records at the file's end.
///
/// Format: PKWARE APPNOTE 6.3.9, sections 4.3.14 (ZIP64 end record), 4.3.15 (its locator) and 4.3.16 (end record).
struct ZipDirectory {
    let byteOffset: Int
    let byteCount: Int
    let entryCount: Int

    private static let endRecordByteCount = 22
    private static let locatorByteCount = 20

    /// Reads the end records. Throws `malformed` if the file has none or they contradict each other or the file.
    init(of mapping: MappedFile) throws {
        func malformed(_ reason: String) -> SafetensorsError { .malformed(path: mapping.path, reason: reason) }
        guard let end = try Self.findEndRecord(in: mapping) else {
            throw malformed(
                "it is not a zip file, so that it is cut off, from before torch 1.6, or not from torch.save")
        }
        var entryCount = UInt64(try mapping.littleEndian(UInt16.self, at: end + 10))
        var byteCount = UInt64(try mapping.littleEndian(UInt32.self, at: end + 12))
        var byteOffset = UInt64(try mapping.littleEndian(UInt32.self, at: end + 16))
        var limit = end

        let locator = end - Self.locatorByteCount
        if locator >= 0, try mapping.littleEndian(UInt32.self, at: locator) == 0x0706_4B50 {
            guard let record = Int(exactly: try mapping.littleEndian(UInt64.self, at: locator + 8)),
                record <= locator - 56, try mapping.littleEndian(UInt32.self, at: record) == 0x0606_4B50
            else { throw malformed("its ZIP64 end record is missing") }
            let wideEntryCount = try mapping.littleEndian(UInt64.self, at: record + 32)
            let wideByteCount = try mapping.littleEndian(UInt64.self, at: record + 40)
            let wideByteOffset = try mapping.littleEndian(UInt64.self, at: record + 48)
            // A narrow field holds the same value or all ones; else two readers would see two archives.
            guard [wideEntryCount, UInt64(UInt16.max)].contains(entryCount),
                [wideByteCount, UInt64(UInt32.max)].contains(byteCount),
                [wideByteOffset, UInt64(UInt32.max)].contains(byteOffset)
            else { throw malformed("its two zip end records contradict each other") }
            (entryCount, byteCount, byteOffset) = (wideEntryCount, wideByteCount, wideByteOffset)
            limit = record
        }
        guard byteOffset <= limit, byteCount <= UInt64(limit) - byteOffset, entryCount <= byteCount / 46 else {
            throw malformed("its zip directory lies outside the file")
        }
        self.byteOffset = Int(byteOffset)
        self.byteCount = Int(byteCount)
        self.entryCount = Int(entryCount)
    }

    /// The end record lies at the end of the file, before a comment whose length it states.
    private static func findEndRecord(in mapping: MappedFile) throws -> Int? {
        let last = mapping.count - endRecordByteCount
        guard last >= 0 else { return nil }
        for position in stride(from: last, through: max(0, last - Int(UInt16.max)), by: -1)
        where try mapping.littleEndian(UInt32.self, at: position) == 0x0605_4B50 {
            let commentByteCount = Int(try mapping.littleEndian(UInt16.self, at: position + 20))
            if commentByteCount == last - position { return position }
        }
        return nil
    }
}
