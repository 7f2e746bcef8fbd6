extension MappedFile {
    /// The little-endian integer at a byte offset, aligned or not. Throws `outOfBounds`.
    func littleEndian<T: FixedWidthInteger>(_ type: T.Type, at byteOffset: Int) throws -> T {
        try withUnsafeBytes(byteOffset: byteOffset, byteCount: MemoryLayout<T>.size) {
            T(littleEndian: $0.loadUnaligned(as: T.self))
        }
    }

    /// A copy of a range. Throws `outOfBounds`.
    func bytes(at byteOffset: Int, count byteCount: Int) throws -> [UInt8] {
        try withUnsafeBytes(byteOffset: byteOffset, byteCount: byteCount) { Array($0) }
    }
}

extension String {
    /// The text of UTF-8 bytes, or nil if they are not valid UTF-8 (the standard initializer repairs instead, and
    /// Foundation's drops a byte order mark).
    init?(validUTF8 bytes: some Collection<UInt8>) {
        self.init(decoding: bytes, as: UTF8.self)
        guard utf8.elementsEqual(bytes) else { return nil }
    }
}
