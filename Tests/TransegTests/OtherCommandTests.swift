import Foundation
import Images
import TestSupport
import Testing

@Suite struct OtherCommandTests {
    @Test(arguments: [[], ["--folded"]])
    func anExportedModelSegments(options: [String]) throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/a.png")
            let export = try Program.run(
                ["export", tinyModel, "exported", "--dtype", "float32"] + options, in: folder)
            #expect(export.exitCode == 0, "\(export.errors)")
            for (model, output) in [(tinyModel, "before"), ("exported", "after")] {
                let result = try Program.run(["segment", "a.png", "--model", model, "--output", output], in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
            }
            for name in ["a_soft.png", "a_mask.png"] {
                #expect(
                    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/before/\(name)"))
                        == Data(contentsOf: URL(fileURLWithPath: "\(folder)/after/\(name)")))
            }
            let again = try Program.run(["export", tinyModel, "exported"], in: folder)
            #expect(again.exitCode == 1)
            #expect(again.errors.contains("exported cannot be written: something is there already"))
        }
    }

    @Test func aFullStreamIsAnError() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/a.png")
            let process = Program.makeProcess(["segment", "a.png", "--model", tinyModel, "--json"], in: folder)
            process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 1)
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            #expect(text.contains("standard output cannot be written: No space left on device"))
        }
    }

    @Test func doctorReports() throws {
        try withTemporaryFolder { folder in
            let table = try Program.run(["doctor"], in: folder)
            #expect(table.exitCode == 0, "\(table.errors)")
            for word in ["libtorch", "threads", "cpu", "JPEG", "embedded"] { #expect(table.output.contains(word)) }
            let missing = try Program.run(["doctor", "--json", "--model", "a/b"], in: folder)
            #expect(missing.exitCode == 1)
            let report = try JSONSerialization.jsonObject(with: missing.outputBytes) as? [String: Any]
            #expect((report?["problems"] as? [String])?.first?.contains("hf download a/b") == true)
        }
    }

    @Test func helpNamesTheCommands() throws {
        try withTemporaryFolder { folder in
            let result = try Program.run(["--help"], in: folder)
            #expect(result.exitCode == 0)
            for command in ["segment", "export", "doctor"] { #expect(result.output.contains(command)) }
            #expect(try Program.run(["segmnt"], in: folder).exitCode == 64)
        }
    }
}
