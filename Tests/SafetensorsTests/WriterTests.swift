import Foundation
import Testing

@testable import Safetensors

@Suite struct WriterTests {
    private struct Failure: Error {}

    private func entry(_ name: String, count: Int = 3, dtype: StoredDType = .u8) -> SafetensorsEntry {
        let bytes = (0..<count * dtype.byteCount).map { UInt8(truncatingIfNeeded: $0 + 1) }
        return SafetensorsEntry(name: name, dtype: dtype, shape: [count], bytes: bytes)
    }

    @Test func roundTrip() throws {
        let folder = try TestFolder()
        let path = folder.file("a.safetensors")
        let entries = StoredDType.allCases.map { entry("t.\($0)", count: 5, dtype: $0) }
        let metadata = ["format": "pt", "b": "\"\\\n\u{7}\u{1F}/é", "": "😀"]
        try SafetensorsWriter.write(to: path, metadata: metadata, entries: entries)
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == metadata)
        #expect(file.tensors.count == entries.count)
        for entry in entries {
            let info = try #require(file.tensors[entry.name])
            #expect(info.dtype == entry.dtype && info.shape == entry.shape && info.isAligned)
            let stored = try file.bytes(of: entry.name)
            try entry.withBytes { #expect(stored == Array($0)) }
        }
        #expect(try folder.fileNames == ["a.safetensors"])
    }

    @Test func asksForOneTensorAtATimeAndAcceptsPieces() throws {
        let folder = try TestFolder()
        let path = folder.file("a.safetensors")
        var order: [String] = []
        let entries = ["b", "a"].map { name in
            SafetensorsEntry(name: name, dtype: .u8, shape: [4]) { consume in
                order.append("\(name) begins")
                for piece in [[1], [], [2, 3], [4]] as [[UInt8]] { try piece.withUnsafeBytes { try consume($0) } }
                order.append("\(name) ends")
            }
        }
        try SafetensorsWriter.write(to: path, entries: entries)
        #expect(order == ["a begins", "a ends", "b begins", "b ends"])
        #expect(try SafetensorsFile(path: path).bytes(of: "b") == [1, 2, 3, 4])
    }

    @Test func writesNoTensorsAtAll() throws {
        let folder = try TestFolder()
        try SafetensorsWriter.write(to: folder.file("a"), metadata: [:], entries: [])
        #expect(try contents(of: folder.file("a")) == safetensorsBytes(header: "{}      "))
    }

    @Test func failureLeavesTheOldFile() throws {
        let folder = try TestFolder()
        let path = folder.file("a.safetensors")
        try SafetensorsWriter.write(to: path, entries: [entry("old")])
        let old = try contents(of: path)
        let failing = SafetensorsEntry(name: "z", dtype: .u8, shape: [2]) { consume in
            try [UInt8(1)].withUnsafeBytes { try consume($0) }
            throw Failure()
        }
        #expect(throws: Failure.self) { try SafetensorsWriter.write(to: path, entries: [entry("new"), failing]) }
        for count in [2, 4] {
            let wrong = SafetensorsEntry(
                name: "z", dtype: .u8, shape: [3], bytes: [UInt8](repeating: 0, count: count))
            let error = safetensorsError { try SafetensorsWriter.write(to: path, entries: [wrong]) }
            #expect(error?.description.contains("handed over \(count) bytes where U8 of shape [3] needs 3") == true)
        }
        #expect(try contents(of: path) == old)
        #expect(try folder.fileNames == ["a.safetensors"])
    }

    @Test func refusesWhatNoReaderWouldAccept() throws {
        let folder = try TestFolder()
        let path = folder.file("a")
        let huge = [SafetensorsEntry(name: "h", dtype: .f32, shape: [1 << 40, 1 << 40], bytes: [])]
        let negative = [SafetensorsEntry(name: "h", dtype: .f32, shape: [-1], bytes: [])]
        let half = SafetensorsEntry(name: "x", dtype: .u8, shape: [Int.max / 2], bytes: [])
        let other = SafetensorsEntry(name: "y", dtype: .u8, shape: [Int.max / 2 + 1], bytes: [])
        for entries in [[entry("x"), entry("x")], [entry("__metadata__")], huge, negative, [half, other]] {
            let error = safetensorsError { try SafetensorsWriter.write(to: path, entries: entries) }
            guard case .cannotWrite = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(try folder.fileNames.isEmpty)
    }

    @Test func messagesReachFoundation() {
        let error: any Error = SafetensorsError.notARegularFile(path: "x")
        #expect(error.localizedDescription == "\"x\" is not a regular file; give the path of a file")
    }
}
