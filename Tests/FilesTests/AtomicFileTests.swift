import Foundation
import Testing

@testable import Files

@Suite final class AtomicFileTests {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("atomic-\(UUID().uuidString)").path

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func contents(_ name: String) throws -> String { try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } }

    @Test func replacesAFile() throws {
        try AtomicFile.write(Array("old, and longer".utf8), to: "\(folder)/a")
        try AtomicFile.write(Array("new".utf8), to: "\(folder)/a")
        #expect(try contents("a") == "new")
        #expect(try names == ["a"])
    }

    @Test func aFailureLeavesTheOldFileAlone() throws {
        struct Stop: Error {}
        try AtomicFile.write(Array("old".utf8), to: "\(folder)/a")
        #expect(throws: Stop.self) {
            try AtomicFile.write(to: "\(folder)/a") { output in
                try Array("new".utf8).withUnsafeBytes(output.write)
                throw Stop()
            }
        }
        #expect(try contents("a") == "old")
        #expect(try names == ["a"])
    }

    @Test func linksAreReplacedAndWhatTheyLeadToStays() throws {
        try AtomicFile.write(Array("photograph".utf8), to: "\(folder)/target")
        for name in ["link", "dangling"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/\(name)", withDestinationPath: name == "link" ? "target" : "nothing")
            try AtomicFile.write(Array("new".utf8), to: "\(folder)/\(name)")
            #expect(try contents(name) == "new")
        }
        #expect(try contents("target") == "photograph")
        #expect(try names == ["dangling", "link", "target"])
    }

    @Test func saysWhatCannotBeWritten() {
        func reason(_ path: String) -> String? {
            (#expect(throws: FileError.self) { try AtomicFile.write([], to: path) })?.reason
        }
        #expect(reason("\(folder)/none/a") == "No such file or directory")
        #expect(reason(folder) == "it is a folder")
        #expect(reason("/dev/null") == "it is a device or pipe")
        #expect(reason("/dev/full/a") == "Not a directory")
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may write everywhere"))
    func respectsPermissions() throws {
        try AtomicFile.write(Array("old".utf8), to: "\(folder)/a")
        chmod(folder, 0o500)
        defer { chmod(folder, 0o700) }
        #expect(throws: FileError.self) { try AtomicFile.write(Array("new".utf8), to: "\(folder)/a") }
        #expect(try contents("a") == "old")
    }
}
