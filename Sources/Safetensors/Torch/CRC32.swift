/// The checksum of zip entries: CRC-32 with the reflected polynomial 0xEDB88320 (ISO 3309, as in zlib).
enum CRC32 {
    /// Eight tables one after the other: what a byte does that is followed by none to seven others.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = (0..<256).map { index in
            (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        for index in 256..<8 * 256 { tables.append(tables[Int(tables[index - 256] & 0xFF)] ^ tables[index - 256] >> 8) }
        return tables
    }()

    /// The checksum of `bytes`, eight at a time, for checkpoints have gigabytes.
    ///
    /// - Parameter previous: The checksum of what comes before them.
    static func checksum(of bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var crc = ~previous
            var place = 0
            while bytes.count - place >= 8 {
                let word =
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)) ^ UInt64(crc)
                crc = 0
                for byte in 0..<8 {
                    crc ^= tables[(7 - byte) * 256 + Int(truncatingIfNeeded: word >> (8 * UInt64(byte)) & 0xFF)]
                }
                place += 8
            }
            for byte in bytes[place...] { crc = tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
            return ~crc
        }
    }
}
