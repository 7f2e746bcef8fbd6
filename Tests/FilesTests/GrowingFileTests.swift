import Foundation
import Testing

@testable import Files

@Suite struct GrowingFileTests {
    @Test func recordsComeAfterWhatIsThere() throws {
        let path = NSTemporaryDirectory() + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("one\n".utf8).write(to: URL(fileURLWithPath: path))
        let file = try GrowingFile(path)
        try file.append("two\n".utf8)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\ntwo\n")
    }

    @Test func aFileThatWasDeletedIsToldAtTheNextRecord() throws {
        let path = NSTemporaryDirectory() + UUID().uuidString
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try GrowingFile(path)
        try file.append("one\n".utf8)
        try FileManager.default.removeItem(atPath: path)
        let error = #expect(throws: FileError.self) { try file.append("two\n".utf8) }
        #expect("\(try #require(error))".contains("was deleted while it was written"))
    }
}
