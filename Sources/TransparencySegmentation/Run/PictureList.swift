import Files
import Foundation

/// A file that names pictures: one path a line, or, where it holds a zero byte, between zeros, as `find -print0` writes them.
package struct PictureList: Sendable {
    /// What errors call it.
    package let name: String
    package let paths: [String]

    /// - Parameter path: `-` for standard input.
    /// - Throws: ``SegmentationError/input(_:)`` of what cannot be read.
    package init(contentsOf path: String) throws {
        let bytes: [UInt8]
        if path == "-" {
            name = "the list on standard input"
            bytes = try PictureSource.readStandardInput("no list of pictures")
        } else {
            name = "the list \(path)"
            do { bytes = try [UInt8](PlainFile.contents(of: path)) } catch let error as FileReadError {
                throw SegmentationError.input("the list \(path) cannot be read: \(error.reason)")
            }
        }
        // What Notepad and PowerShell write before UTF-16.
        guard ![[0xFF, 0xFE], [0xFE, 0xFF]].contains(Array(bytes.prefix(2))) else {
            throw SegmentationError.input("\(name) is in UTF-16; save it as UTF-8")
        }
        paths = Self.paths(bytes)
    }

    static func paths(_ bytes: [UInt8]) -> [String] {
        let separator: UInt8 = bytes.contains(0) ? 0 : 10
        // Windows' editors put a mark before UTF-8, and lines end in two characters, but for a last one that does not end.
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        var lines = bytes.split(separator: separator)
        if separator == 10, lines.first?.last == 13, lines.dropLast().allSatisfy({ $0.last == 13 }) {
            lines = lines.map { $0.last == 13 ? $0.dropLast() : $0 }
        }
        return lines.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
    }
}
