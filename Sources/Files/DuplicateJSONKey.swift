package import Foundation

/// A key that an object in JSON text has twice. Of the two values Foundation takes the first and Python the last. Nil for none, and
/// for what is no JSON, which its reader tells.
package func duplicateKey(inJSON data: Data) -> String? {
    let isUTF16 = data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF])
    let text = isUTF16 ? Array((String(data: data, encoding: .utf16) ?? "").utf8) : Array(data)
    // The keys so far of each object that is open; nil for an array.
    var open: [Set<String>?] = []
    var (position, awaitsKey) = (0, false)
    while position < text.count {
        switch text[position] {
        case UInt8(ascii: "{"):
            open.append([])
            awaitsKey = true
        case UInt8(ascii: "["): open.append(nil)
        case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
        case UInt8(ascii: ","): awaitsKey = open.last.map { $0 != nil } ?? false
        case UInt8(ascii: "\""):
            let start = position
            position += 1
            while position < text.count, text[position] != UInt8(ascii: "\"") {
                position += text[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard awaitsKey, position < text.count else { break }
            awaitsKey = false
            guard let key = try? JSONDecoder().decode(String.self, from: Data(text[start...position])) else {
                return nil
            }
            guard open[open.count - 1]?.insert(key).inserted ?? true else { return key }
        default: break
        }
        position += 1
    }
    return nil
}
