import Foundation
import Testing

@testable import Files

@Suite struct PlainFileTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test func whatIsNoFileIsAnErrorAtOnce() throws {
        try inFolder { folder in
            try Data("text".utf8).write(to: URL(fileURLWithPath: "\(folder)/file"))
            #expect(try PlainFile.contents(of: "\(folder)/file") == Data("text".utf8))
            #expect(try PlainFile.contents(of: "\(folder)/file", limit: 2) == Data("te".utf8))
            #expect(mkfifo("\(folder)/pipe", 0o666) == 0)
            func reason(_ path: String) -> String? {
                do {
                    _ = try PlainFile.contents(of: path)
                    return nil
                } catch { return (error as? FileReadError)?.reason }
            }
            #expect(reason("\(folder)/pipe") == "it is no regular file but a pipe")
            #expect(reason("/dev/zero") == "it is no regular file but a device")
            #expect(reason(folder) == "Is a directory")
            #expect(reason("\(folder)/nothing") == "No such file or directory")
            // A name that is no UTF-8 is listed, and not found by what is listed.
            let foreign = Array("\(folder)/Mu".utf8) + [0xF1] + Array("oz\0".utf8)
            let descriptor = foreign.withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { name in
                    name.baseAddress.map { open($0, O_CREAT | O_WRONLY, 0o600) } ?? -1
                }
            }
            #expect(descriptor >= 0)
            close(descriptor)
            #expect(reason(String(decoding: foreign.dropLast(), as: UTF8.self)) == FileName.foreignReason)
        }
    }

    @Test(arguments: [
        ("a", ""), ("", ""), ("a/", ""), (".", ""), ("*", ""), ("é", ""), ("a/b", "a"), ("a/b/", "a"), ("a//b", "a"),
        ("/", "/"), ("/a", "/"), ("//a", "/"), ("/a/b", "/a"), ("a/\u{301}b", "a"),
    ])
    func foldersAboveAPath(_ path: String, _ folder: String) { #expect(parentFolder(of: path) == folder) }

    @Test func aLongNameIsCutBetweenCharactersAndKeepsAHash() {
        let long = String(repeating: "杯", count: 82)
        let name = FileName.stem(long)
        #expect(name.utf8.count <= 255 - FileName.room && name.hasPrefix("杯杯"))
        #expect(name != FileName.stem(long + "子") && name == FileName.stem(long))
        #expect(FileName.stem(String(repeating: "a", count: 235)).count == 235)
    }

    @Test func aFolderIsLockedOnce() throws {
        try inFolder { folder in
            let lock = try FolderLock(folder)
            #expect(throws: FolderLock.Taken.self) { try FolderLock(folder) }
            #expect(lock.weakness == nil && lock.warning(for: folder) == nil)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func aRecordIsWrittenWhollyOrNotAtAll() throws {
        try inFolder { folder in
            try Data("a\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/log"))
            let file = try GrowingFile("\(folder)/log")
            try file.append("b\n".utf8)
            #expect(try PlainFile.contents(of: "\(folder)/log") == Data("a\nb\n".utf8))
            #expect(throws: FileError.self) { try GrowingFile("\(folder)/nothing") }
            #expect(throws: FileError(path: "/dev/full", code: ENOSPC)) { try GrowingFile("/dev/full").append([1]) }
        }
    }
}
