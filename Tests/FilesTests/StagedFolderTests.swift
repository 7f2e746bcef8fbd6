import Foundation
import Testing

@testable import Files

struct StagedFolderTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

    private func content() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
    }

    private func stage(_ text: String) throws -> StagedFolder {
        let staged = try StagedFolder(for: "\(folder)/model")
        try staged.makeFolder("part")
        try text.write(toFile: "\(staged.path)/part/file", atomically: false, encoding: .utf8)
        return staged
    }

    @Test func errorsNameTheTarget() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let error = #expect(throws: FileError.self) {
            try StagedFolder.write(to: "\(folder)/model") { staged in
                try AtomicFile.write([1], to: "\(staged.path)/missing/file")
            }
        }
        #expect(error?.path == "\(folder)/model/missing/file")
        #expect(try content() == [])
    }

    /// An empty path, such as of a shell's variable that is not set, would mean the working folder.
    @Test func whatHasNoNameIsNotWritten() throws {
        #expect(throws: FileError.self) { try StagedFolder(for: "") }
        #expect(throws: FileError.self) { try AtomicFile.write([1], to: "") }
        #expect(throws: FileError.self) { try makeFolder("") }
        #expect(throws: FileError.self) { try OutputFile.check("", suffixes: ["json"], inputs: []) }
    }

    @Test func appearsWhole() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let staged = try stage("one")
        #expect(try content().allSatisfy { $0.hasPrefix(".") })
        try staged.commit()
        #expect(try content() == ["model"])
        #expect(try text("model/part/file") == "one")
    }

    @Test func isGoneWithoutCommit() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try stage("one")
        #expect(try content().isEmpty)
    }

    @Test func replacesOnlyWhenAsked() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try stage("one").commit()
        #expect(throws: FileError.self) { try stage("two").commit() }
        #expect(try text("model/part/file") == "one")
        try stage("two").commit(replacing: true)
        #expect(try text("model/part/file") == "two")
        #expect(try content() == ["model"])
    }

    /// `replacing` is also for a target that is not there yet.
    @Test func replacesNothing() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try stage("one").commit(replacing: true)
        #expect(try content() == ["model"])
    }

    /// A killed process' lock has gone with it, whatever it was staging for; a living one's folder is left alone, and what has another kind of
    /// name.
    @Test func leftoversAreRemoved() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let living = try stage("living")
        try FileManager.default.createDirectory(
            atPath: "\(folder)/.model.partial-1-2/part", withIntermediateDirectories: true)
        for name in [".other.partial-1-2", ".mine.partial-final", ".partial-1-2"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try stage("next").commit()
        let kept = [(living.path as NSString).lastPathComponent, ".mine.partial-final", ".partial-1-2", "model"]
        #expect(try content() == kept.sorted())
    }

    @Test func theLongestNameCanBeStaged() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let name = String(repeating: "ü", count: 127)
        try StagedFolder(for: "\(folder)/\(name)").commit()
        #expect(try content() == [name])
    }

    @Test func saysWhatCannotBeMade() throws {
        #expect(throws: FileError.self) { try StagedFolder(for: "/dev/null/model") }
    }

    /// Where names cannot be exchanged, two renames do it.
    @Test func replacesByTwoRenames() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try stage("one").commit()
        let next = try stage("two")
        try next.renamePlainly()
        #expect(try text("model/part/file") == "two")
        #expect(try content() == ["model"])
    }

    /// A kill between the two renames leaves no folder of the name: the old one comes back, whatever of the new one is there.
    @Test(arguments: [false, true])
    func whatAKillLeftBetweenTwoRenamesComesBack(all: Bool) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try stage("one").commit()
        try FileManager.default.moveItem(atPath: "\(folder)/model", toPath: "\(folder)/.model.replaced-1-2")
        try FileManager.default.createDirectory(
            atPath: "\(folder)/.model.partial-1-2", withIntermediateDirectories: true)
        if all {
            StagedFolder.recoverAll(in: folder)
        } else {
            _ = try StagedFolder(for: "\(folder)/model")
        }
        #expect(try content() == ["model"])
        #expect(try text("model/part/file") == "one")
    }

    @Test func aFileIsNotReplacedByAFolder() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let staged = try stage("one")
        try "mine".write(toFile: "\(folder)/model", atomically: false, encoding: .utf8)
        #expect(throws: FileError(path: "\(folder)/model", reason: "it is no folder; name another")) {
            try staged.commit(replacing: true)
        }
        #expect(try text("model") == "mine")
    }

    @Test func aLinkIsStaged() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let staged = try stage("one")
        try FileManager.default.createSymbolicLink(atPath: "\(staged.path)/link", withDestinationPath: "part/file")
        try staged.commit()
        #expect(try text("model/link") == "one")
    }

    @Test func isRemovedTwice() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for text in ["one", "two"] {
            try stage(text).commit()
            try StagedFolder.remove("\(folder)/model")
        }
        #expect(try content().isEmpty)
    }
}
