import Foundation
import Testing

@testable import Files

@Suite struct ScratchFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("transeg-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test func whatIsWrittenIsReadBackAndNothingIsSeen() throws {
        try withFolder { folder in
            let file = try ScratchFile(in: folder + "/new")
            let offsets = try [5, 5000, 0].map { try file.reserve($0) }
            #expect(offsets == [0, 4096, 4096 + 8192])
            let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
            try bytes.withUnsafeBytes { try file.write($0, at: offsets[1]) }
            var read = [UInt8](repeating: 0, count: 5000)
            try read.withUnsafeMutableBytes { try file.read(into: $0, at: offsets[1]) }
            #expect(read == bytes)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/new") == [])
            #expect(throws: FileError.self) {
                try read.withUnsafeMutableBytes { try file.read(into: $0, at: 1 << 30) }
            }
        }
    }

    @Test func moreThanTheDiskHasIsRefusedAtOnce() throws {
        try withFolder { folder in
            let file = try ScratchFile(in: folder)
            #expect(throws: FileError.self) { try file.reserve(1 << 55) }
        }
    }

    @Test func aFileIsNoFolder() throws {
        try withFolder { folder in
            #expect(FileManager.default.createFile(atPath: folder, contents: Data()))
            #expect(throws: FileError.self) { try ScratchFile(in: folder) }
        }
    }
}
