/// Reads JSON from front to back for a caller that knows which value must come next.
///
/// Foundation's decoder hides duplicate keys, turns integers into doubles and accepts any depth. This one builds no tree,
/// so that a hostile header of 100 MB costs no more memory than itself.
struct JSONScanner {
    private let bytes: [UInt8]
    private let path: String
    private var position = 0

    /// `path` is named in errors.
    init(_ bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// The next significant byte, or nil at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count, isSpace(bytes[position]) { position += 1 }
        return position < bytes.count ? bytes[position] : nil
    }

    /// An error at the present position.
    func failure(_ reason: String) -> SafetensorsError {
        .malformed(path: path, reason: "its JSON has \(reason) (byte \(position) of \(bytes.count))")
    }

    /// Reads an object; `member` must read the value of each key. Throws `malformed`, also if a key comes twice.
    mutating func object(_ member: (inout JSONScanner, String) throws -> Void) throws {
        try expect("{")
        guard !consume("}") else { return }
        var keys = Set<String>()
        repeat {
            let key = try string()
            // Swift compares strings by canonical equivalence, so this also refuses keys that a dictionary would merge.
            guard keys.insert(key).inserted else { throw failure("the key \(key.quoted) twice") }
            try expect(":")
            try member(&self, key)
        } while consume(",")
        try expect("}")
    }

    /// Reads an array; `element` must read each value. Throws `malformed`.
    mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
        try expect("[")
        guard !consume("]") else { return }
        repeat { try element(&self) } while consume(",")
        try expect("]")
    }

    /// Reads an integer from 0 to `Int.max`. Throws `malformed` for a sign, a fraction, an exponent or an overflow.
    mutating func nonNegativeInteger() throws -> Int {
        guard let first = peek(), isDigit(first) else { throw failure("no integer of 0 or more where one must be") }
        let start = position
        var value = 0
        while position < bytes.count, isDigit(bytes[position]) {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = scaled.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
            guard !overflow, !carry else { throw failure("an integer above \(Int.max)") }
            value = sum
            position += 1
        }
        if first == UInt8(ascii: "0"), position - start > 1 { throw failure("an integer with a leading zero") }
        if position < bytes.count, ".eE".utf8.contains(bytes[position]) {
            throw failure("a number with a fraction or exponent where an integer must be")
        }
        return value
    }

    /// Reads a string with its escapes. Throws `malformed`, also for invalid UTF-8 and half surrogate pairs.
    mutating func string() throws -> String {
        try expect("\"")
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validUTF8: text) else { throw failure("a string that is not UTF-8") }
                return string
            case UInt8(ascii: "\\"): try appendEscape(to: &text)
            case 0..<0x20: throw failure("an unescaped control character in a string")
            default: text.append(byte)
            }
        }
        throw failure("a string without an end")
    }

    /// Passes over one value of any kind. Throws `malformed`, also for more than 16 levels.
    mutating func skipValue(depth: Int = 0) throws {
        guard depth < 16 else { throw failure("more than 16 levels") }
        switch peek() {
        case UInt8(ascii: "{"): try object { scanner, _ in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["): try array { try $0.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        default:
            // Numbers and literals, loosely: their value does not matter to us, only where they end.
            let start = position
            while position < bytes.count, isWordByte(bytes[position]) { position += 1 }
            guard position > start else { throw failure("no value where one must be") }
        }
    }

    /// Ends the document: only the bytes in `padding` may follow. Throws `malformed`.
    func expectEnd(padding: Set<UInt8>) throws {
        guard bytes[position...].allSatisfy(padding.contains) else { throw failure("text after its end") }
    }

    private mutating func consume(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        guard consume(character) else { throw failure("no '\(character)' where one must be") }
    }

    private mutating func appendEscape(to text: inout [UInt8]) throws {
        guard position < bytes.count else { throw failure("a string without an end") }
        let escape = bytes[position]
        position += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Character(try unicodeEscape()).utf8)
        default: throw failure("an unknown escape in a string")
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that make a surrogate pair; the first `\u` has been read.
    private mutating func unicodeEscape() throws -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
            throw failure("half a surrogate pair")
        }
        position += 2
        let second = try fourHexDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw failure("half a surrogate pair") }
        return scalar
    }

    private mutating func fourHexDigits() throws -> UInt32 {
        guard bytes.count - position >= 4 else { throw failure("a string without an end") }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("an unknown escape in a string")
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || "+-.".utf8.contains(byte)
    }
}
