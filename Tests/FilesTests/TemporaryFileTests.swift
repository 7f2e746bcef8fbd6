import Foundation
import Testing

@testable import Files

/// What a process that was killed left is removed by the next one that writes there; another's work is not.
@Suite struct TemporaryFileTests {
    @Test func leftoversGoAndWorkStays() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("files-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let work = try TemporaryFile(in: folder, for: "\(folder)/other")
        let leftover = "\(folder)/.transeg-left.tmp"
        #expect(FileManager.default.createFile(atPath: leftover, contents: Data("half".utf8)))
        #expect(FileManager.default.createFile(atPath: "\(folder)/.else.tmp", contents: Data()))
        try AtomicFile.write([1, 2], to: "\(folder)/file")
        #expect(!FileManager.default.fileExists(atPath: leftover))
        #expect(FileManager.default.fileExists(atPath: "\(folder)/.else.tmp"))
        #expect(FileManager.default.fileExists(atPath: work.path))
        #expect(FileManager.default.contents(atPath: "\(folder)/file") == Data([1, 2]))
    }
}
