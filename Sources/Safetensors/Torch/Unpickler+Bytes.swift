extension Unpickler {
    mutating func readByte() throws -> UInt8 {
        guard position < bytes.count else { throw malformed("is cut off") }
        position += 1
        return bytes[position - 1]
    }

    private mutating func readBytes(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw malformed("is cut off") }
        position += count
        return bytes[position - count..<position]
    }

    /// An unsigned little-endian integer of at most 7 bytes.
    mutating func readInteger(byteCount: Int) throws -> Int {
        try readBytes(byteCount).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// A signed little-endian integer that states its own length.
    mutating func readLong() throws -> Int {
        let digits = try readBytes(Int(try readByte()))
        guard digits.count <= 8 else { throw malformed("has an integer of more than 64 bits") }
        let start = digits.last.map { $0 >= 0x80 ? -1 : 0 } ?? 0
        return digits.reversed().reduce(start) { $0 << 8 | Int($1) }
    }

    /// A big-endian float64.
    mutating func readFloat() throws -> Double {
        Double(bitPattern: try readBytes(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    mutating func readString(byteCount: Int) throws -> String {
        guard let string = String(validUTF8: try readBytes(byteCount)) else {
            throw malformed("has text that is not UTF-8")
        }
        return string
    }

    mutating func readGlobal() throws -> PickleGlobal {
        let module = try readLine()
        let name = try readLine()
        guard let global = PickleGlobal(module: module, name: name) else {
            throw refused(
                "its pickle asks for \("\(module) \(name)".quoted), which is not on the short list of names that "
                    + "tensors need and could run code")
        }
        return global
    }

    private mutating func readLine() throws -> String {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { throw malformed("is cut off") }
        let line = try readString(byteCount: end - position)
        position += 1
        return line
    }
}
