import Foundation

/// A form's fields of `multipart/form-data` (RFC 7578), in memory.
///
/// Strict where leniency would let two readers see different forms, and bounded: ``partLimit`` parts, ``headerLimit`` bytes of headers each. A
/// content transfer encoding, which the RFC deprecates and no browser sends, is refused.
struct MultipartForm {
    struct Part: Equatable {
        let name: String
        /// Given of files.
        let fileName: String?
        let content: ArraySlice<UInt8>

        var text: String { String(decoding: content, as: UTF8.self) }
    }

    /// Why bytes are no such form. One sentence's end: "the form …".
    struct Fault: Error, Equatable {
        let reason: String
    }

    static let partLimit = 32
    static let headerLimit = 8192

    let parts: [Part]

    /// The boundary in a content type; nil where the type is another.
    ///
    /// - Throws: ``Fault`` where it is a form without a boundary of 1 to 70 of the characters that the RFC allows.
    static func boundary(ofContentType type: String) throws -> String? {
        guard let (kind, parameters) = headerValue(type[...]), kind.lowercased() == "multipart/form-data" else {
            return nil
        }
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'()+_,-./:=? ")
        guard let boundary = parameters["boundary"], (1...70).contains(boundary.count),
            boundary.allSatisfy(allowed.contains),
            boundary.last != " "
        else { throw Fault(reason: "has no boundary of 1 to 70 plain characters in its content type") }
        return boundary
    }

    /// Throws ``Fault``.
    init(_ bytes: [UInt8], boundary: String) throws {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first one may stand at the very beginning, without an end of line before it.
        var position: Int
        if bytes.starts(with: delimiter.dropFirst(2)) {
            position = delimiter.count - 2
        } else if let start = Self.find(delimiter, in: bytes, from: 0) {
            position = start + delimiter.count
        } else {
            throw Fault(reason: "does not have the boundary of its content type")
        }
        var parts: [Part] = []
        while true {
            // Padding of blanks is allowed after a boundary.
            let isLast = bytes[position...].starts(with: "--".utf8)
            if isLast { break }
            while position < bytes.count, bytes[position] == 32 || bytes[position] == 9 { position += 1 }
            guard bytes[position...].starts(with: "\r\n".utf8) else {
                throw Fault(reason: "has something after a boundary on the same line")
            }
            guard parts.count < Self.partLimit else { throw Fault(reason: "has more than \(Self.partLimit) parts") }
            // The content's end; a part without content shares the line end of its headers with the boundary.
            let headers = try Self.headers(of: bytes, from: position)
            guard let end = Self.find(delimiter, in: bytes, from: headers.end - 2) else {
                throw Fault(reason: "ends within a part")
            }
            parts.append(try Self.part(headers.fields, bytes[min(headers.end, end)..<end]))
            position = end + delimiter.count
        }
        self.parts = parts
    }

    private static func part(_ fields: [String: String], _ content: ArraySlice<UInt8>) throws -> Part {
        guard let disposition = fields["content-disposition"], let (kind, parameters) = headerValue(disposition[...]),
            kind.lowercased() == "form-data", let name = parameters["name"]
        else { throw Fault(reason: "has a part without a name") }
        let encoding = fields["content-transfer-encoding"]?.lowercased() ?? "binary"
        guard ["binary", "8bit", "7bit"].contains(encoding) else {
            throw Fault(reason: "has a part in a transfer encoding; send its bytes as they are")
        }
        return Part(name: name, fileName: parameters["filename"] ?? parameters["filename*"], content: content)
    }

    /// From the line end before the first header to the first byte of the content.
    private static func headers(of bytes: [UInt8], from start: Int) throws -> (fields: [String: String], end: Int) {
        let limit = min(bytes.count, start + headerLimit)
        guard let blank = find(Array("\r\n\r\n".utf8), in: bytes, from: start, to: limit) else {
            throw Fault(reason: "has a part whose headers do not end within \(headerLimit) bytes")
        }
        var fields: [String: String] = [:]
        let text = String(decoding: bytes[min(start + 2, blank)..<blank], as: UTF8.self)
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: true) {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw Fault(reason: "has a part with a header that is none")
            }
            let name = line[..<colon].lowercased()
            guard fields.updateValue(trimmed(line[line.index(after: colon)...]), forKey: name) == nil else {
                throw Fault(reason: "has a part with two headers of one name")
            }
        }
        return (fields, blank + 4)
    }

    /// `kind; name=value; name="quoted \" value"`; nil where it is something else, or a name comes twice.
    private static func headerValue(_ text: Substring) -> (kind: String, parameters: [String: String])? {
        var rest = text
        let kind = trimmed(rest.prefix { $0 != ";" })
        rest = rest.drop { $0 != ";" }
        var parameters: [String: String] = [:]
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            if rest.isEmpty { break }
            let name = trimmed(rest.prefix { $0 != "=" && $0 != ";" }).lowercased()
            rest = rest.drop { $0 != "=" && $0 != ";" }
            guard rest.first == "=", !name.isEmpty else { return nil }
            rest = rest.dropFirst()
            var value = ""
            if rest.first == "\"" {
                rest = rest.dropFirst()
                while let next = rest.first, next != "\"" {
                    rest = rest.dropFirst()
                    // Browsers write a quotation mark as %22, other programs with a backslash, and a backslash as itself.
                    if next == "\\", let escaped = rest.first, escaped == "\"" || escaped == "\\" {
                        value.append(escaped)
                        rest = rest.dropFirst()
                    } else {
                        value.append(next)
                    }
                }
                guard rest.first == "\"" else { return nil }
                rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            } else {
                value = trimmed(rest.prefix { $0 != ";" })
                rest = rest.drop { $0 != ";" }
            }
            guard rest.isEmpty || rest.first == ";", parameters.updateValue(value, forKey: name) == nil else {
                return nil
            }
        }
        return (kind, parameters)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return String(text.drop { $0 == " " || $0 == "\t" })
    }

    /// The first place of `pattern` from `start` on, before `end`.
    private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int, to end: Int? = nil) -> Int? {
        bytes.withUnsafeBytes { buffer -> Int? in
            guard let base = buffer.baseAddress else { return nil }
            let last = (end ?? buffer.count) - pattern.count
            var position = start
            // All patterns begin with a line's end, of which pictures have few.
            while position <= last, let found = memchr(base + position, Int32(pattern[0]), last - position + 1) {
                if memcmp(found, pattern, pattern.count) == 0 { return UnsafeRawPointer(found) - base }
                position = UnsafeRawPointer(found) - base + 1
            }
            return nil
        }
    }
}
