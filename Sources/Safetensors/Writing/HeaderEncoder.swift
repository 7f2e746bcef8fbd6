/// Makes the first part of a safetensors file: the length and the padded JSON.
enum HeaderEncoder {
    /// The bytes before the data, for entries in the order in which their data will follow.
    ///
    /// Throws `cannotWrite`; `path` is named in the message.
    static func encode(
        metadata: [String: String], entries: [SafetensorsSlot], path: String
    ) throws -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            // Sorted, so that the same content gives the same bytes.
            let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            let text = pairs.map { "\(json($0.key)):\(json($0.value))" }.joined(separator: ",")
            members.append("\"\(SafetensorsHeader.metadataKey)\":{\(text)}")
        }
        var names: Set<String> = [SafetensorsHeader.metadataKey]
        var end = 0
        for entry in entries {
            guard names.insert(entry.name).inserted else {
                throw SafetensorsError.cannotWrite(
                    path: path, reason: "the name \(entry.name.quoted) is used twice or reserved")
            }
            let begin = end
            // The bound leaves room for the header, so that file offsets fit in Int as well.
            guard let byteCount = entry.dtype.byteCount(ofShape: entry.shape),
                byteCount <= Int.max - 2 * SafetensorsHeader.byteLimit - begin
            else {
                throw SafetensorsError.cannotWrite(
                    path: path, reason: "entry \(entry.name.quoted) has the impossible shape \(entry.shape.listed)")
            }
            end += byteCount
            let shape = entry.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(json(entry.name)):{\"dtype\":\"\(entry.dtype.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(begin),\(end)]}")
        }
        var text = Array("{\(members.joined(separator: ","))}".utf8)
        // Data that starts at a multiple of 8 keeps every element aligned, because wide elements come first.
        text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        guard text.count <= SafetensorsHeader.byteLimit else {
            throw SafetensorsError.cannotWrite(
                path: path,
                reason: "the header would have \(text.count) bytes where \(SafetensorsHeader.byteLimit) are allowed")
        }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
    }

    /// A JSON string with the escapes that serde_json writes: the seven short ones, `\u00xx` for other control
    /// characters, everything else as it is.
    private static func json(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{08}": text += "\\b"
            case "\u{0C}": text += "\\f"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
