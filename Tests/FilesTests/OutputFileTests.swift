import Foundation
import Testing

@testable import Files

@Suite struct OutputFileTests {
    /// What could not be written in the end is known at the beginning.
    @Test func placesThatTakeNoFileAreRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("transeg-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: "\(folder)/d.html", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func problem(_ path: String) -> String? {
            do {
                try OutputFile.check(path, suffixes: ["html"], inputs: ["\(folder)/in"])
                return nil
            } catch { return "\(error)" }
        }
        try "".write(toFile: "\(folder)/a.txt", atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/l.html", withDestinationPath: "a.txt")
        for path in ["\(folder)/new.html", "new.html", "\(folder)/l.html", "/dev/null"] {
            #expect(problem(path) == nil, "\(problem(path) ?? "")")
        }
        for (path, reason) in [
            ("\(folder)/none/a.html", "No such file or directory"), ("\(folder)/a.txt/a.html", "Not a directory"),
            ("\(folder)/d.html", "Is a directory"), ("\(folder)/a.txt", "no other is overwritten"),
            ("\(folder)/in/a.html", "among the input's files"),
        ] {
            #expect(problem(path)?.contains(reason) == true, "\(path): \(problem(path) ?? "")")
        }
    }
}
