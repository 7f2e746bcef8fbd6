import Files
import Testing

@testable import Safetensors

/// A file written in pieces is the file that is written at once.
@Suite struct PiecesTests {
    private func entries() -> [SafetensorsEntry] {
        [("b", StoredDType.f32, [2, 3]), ("a", .f32, [4]), ("c", .f32, []), ("z", .f64, [1]), ("d", .f32, [0])].map {
            name, dtype, shape in
            let count = dtype.byteCount(ofShape: shape) ?? 0
            return SafetensorsEntry(
                name: name, dtype: dtype, shape: shape,
                bytes: (0..<count).map { UInt8($0) ^ UInt8(name.utf8.first ?? 0) })
        }
    }

    @Test(arguments: [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [3, 1, 0, 2, 4], [2, 3, 0, 4, 1]])
    func inAnyOrder(order: [Int]) throws {
        let folder = try TestFolder()
        let (whole, pieces) = (folder.file("whole"), folder.file("pieces"))
        let entries = entries()
        try SafetensorsWriter.write(to: whole, entries: entries)
        let file = try SafetensorsPieces(pieces, entries.map(\.slot))
        for place in order { try entries[place].withBytes { try file.write($0, of: [entries[place].name]) } }
        let (bytes, digest) = try file.finish()
        #expect(try contents(of: pieces) == contents(of: whole))
        #expect(try digest == SHA256.digest(ofFile: whole) && bytes == contents(of: whole).count)
    }

    /// Some of which lie beside each other in the file.
    @Test func severalAtOnce() throws {
        let folder = try TestFolder()
        let (whole, pieces) = (folder.file("whole"), folder.file("pieces"))
        let entries = entries()
        try SafetensorsWriter.write(to: whole, entries: entries)
        let file = try SafetensorsPieces(pieces, entries.map(\.slot))
        for part in [[2, 4, 1], [0, 3]] {
            var bytes: [UInt8] = []
            for place in part { try entries[place].withBytes { bytes += $0 } }
            try bytes.withUnsafeBytes { try file.write($0, of: part.map { entries[$0].name }) }
        }
        #expect(try file.finish().sha256 == SHA256.digest(ofFile: whole))
        #expect(try contents(of: pieces) == contents(of: whole))
    }

    @Test func nothingIsWrittenOver() throws {
        let folder = try TestFolder()
        try SafetensorsWriter.write(to: folder.file("a"), entries: entries())
        #expect(throws: FileError.self) { try SafetensorsPieces(folder.file("a"), entries().map(\.slot)) }
    }
}
