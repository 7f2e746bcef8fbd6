import Files
import Foundation

/// A JSON file whose long lists are encoded a value at a time: `JSONEncoder` takes some 100 bytes for each number of what it encodes at once, and the
/// masks of a folder have millions.
struct JSONLists: ~Copyable {
    private let output: AtomicFile.Output
    private let encoder = JSONEncoder()
    private var text: [UInt8] = []

    /// Writes a file by `body`. Throws `FileError` and what `body` throws; what was there is then untouched.
    static func write(to path: String, _ body: (inout JSONLists) throws -> Void) throws {
        try AtomicFile.write(to: path) { output in
            var lists = JSONLists(output)
            try body(&lists)
            try lists.flush()
        }
    }

    private init(_ output: AtomicFile.Output) {
        self.output = output
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    /// Adds text as it is, such as a brace or a key.
    mutating func append(_ text: String) { self.text.append(contentsOf: text.utf8) }

    /// Adds a list.
    mutating func append(_ values: some Sequence<some Encodable>) throws {
        append("[")
        var isFirst = true
        for value in values {
            if !isFirst { append(",") }
            isFirst = false
            text.append(contentsOf: try encoder.encode(value))
            if text.count >= 1 << 20 { try flush() }
        }
        append("]")
    }

    private mutating func flush() throws {
        try text.withUnsafeBytes(output.write)
        text.removeAll(keepingCapacity: true)
    }
}
