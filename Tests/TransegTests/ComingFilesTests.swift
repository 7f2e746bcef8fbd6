import Foundation
import Images
import TestSupport
import Testing

/// Files that come: trees, patterns, lists, what is there already, and a folder that is watched.
@Suite struct ComingFilesTests {
    private func put(_ paths: [String], in folder: String) throws {
        for (seed, path) in paths.enumerated() {
            let file = "\(folder)/\(path)"
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try drawnPicture(width: 24, height: 20, seed: seed).write(to: file)
        }
    }

    private func segment(
        _ arguments: [String], in folder: String, input: Data = Data(), exitCode: Int32 = 0
    ) throws -> ProgramResult {
        let result = try Program.run(
            ["segment", "--model", tinyModel, "--write", "mask", "--output", "out"] + arguments, in: folder,
            input: input)
        #expect(result.exitCode == exitCode, "\(result.errors)")
        return result
    }

    /// Files below a folder, in order.
    private func tree(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".png") }.sorted()
    }

    @Test func aTreeKeepsItsFolders() throws {
        try withTemporaryFolder { folder in
            try put(
                ["in/a.png", "in/one/a.png", "in/one/two/a.png", "in/.hidden/a.png", "out/earlier.png"], in: folder)
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/in/circle", withDestinationPath: ".")
            let result = try segment(["in", "--recursive", "--write", "mask,coco", "--json"], in: folder)
            #expect(
                try tree("\(folder)/out") == ["a_mask.png", "earlier.png", "one/a_mask.png", "one/two/a_mask.png"])
            #expect(result.errors == "Note: left out: 1 folder\n")
            #expect(result.output.split(separator: "\n").count == 3)
            let coco = try String(contentsOfFile: "\(folder)/out/coco.json", encoding: .utf8)
            #expect(coco.contains("\"one/two/a.png\"") && coco.contains("\"a.png\""))
            // The output folder is among the pictures, and is not one of them.
            let again = try segment([".", "--recursive", "--json"], in: folder)
            #expect(!again.output.contains("earlier") && again.output.split(separator: "\n").count == 3)
            let flat = try segment(["in"], in: folder)
            #expect(flat.errors == "Note: left out: 2 folders\n", "\(flat.errors)")
        }
    }

    /// Both spellings of é are names of their own on Linux, which Swift takes for the same.
    @Test func namesAreToldByTheirBytes() throws {
        try withTemporaryFolder { folder in
            let names = ["caf\u{E9}", "cafe\u{301}"]
            try put(names.map { "in/\($0).png" }, in: folder)
            let expected = Set(names.map { Array("\($0)_mask.png".utf8) })
            for (arguments, output) in [(["in"], "a"), (["in/*.png"], "b"), (names.map { "in/\($0).png" }, "c")] {
                _ = try segment(arguments + ["--output", output], in: folder)
                let found = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(output)")
                let bytes = Set(found.map { Array($0.utf8) })
                #expect(bytes == expected, "\(arguments)")
            }
        }
    }

    @Test func listsThatWindowsWrites() throws {
        try withTemporaryFolder { folder in
            try put(["a.png", "b.png"], in: folder)
            let lists: [[UInt8]] = [
                Array("\u{FEFF}a.png\r\nb.png\r\n".utf8), Array("a.png\r\nb.png".utf8), Array("a.png\nb.png".utf8),
            ]
            for (number, list) in lists.enumerated() {
                _ = try segment(
                    ["--from-file", "-", "--output", "o\(number)"], in: folder, input: Data(list))
                #expect(try tree("\(folder)/o\(number)") == ["a_mask.png", "b_mask.png"])
            }
            let wide = try segment(
                ["--from-file", "-"], in: folder, input: Data([0xFF, 0xFE, 97, 0, 10, 0]), exitCode: 1)
            #expect(wide.errors.contains("is in UTF-16; save it as UTF-8"))
        }
    }

    @Test func patternsAreForThoseThatComeUnexpanded() throws {
        try withTemporaryFolder { folder in
            try put(["in/a1.png", "in/a2.png", "in/b1.png", "in/x/a1.png", "in/x/y/c.png", "in/[z].png"], in: folder)
            _ = try segment(["in/a?.png", "in/[z].png"], in: folder)
            #expect(try tree("\(folder)/out") == ["[z]_mask.png", "a1_mask.png", "a2_mask.png"])
            _ = try segment(["in/**/[ac]*.png", "--output", "deep"], in: folder)
            #expect(
                try tree("\(folder)/deep") == ["a1_mask.png", "a2_mask.png", "x/a1_mask.png", "x/y/c_mask.png"])
            let none = try segment(["in/*.tif"], in: folder, exitCode: 1)
            #expect(none.errors.contains("the pattern in/*.tif matches no pictures"))
            let same = try segment(["in/*.png", "in/x/*.png"], in: folder, exitCode: 1)
            #expect(same.errors.contains("in/a1.png and in/x/a1.png would both have the results a1_"), "\(same.errors)")
        }
    }

    @Test(arguments: ["lines", "zeros", "windows"]) func listsNamePictures(_ form: String) throws {
        try withTemporaryFolder { folder in
            try put(["in/a.png", "in/b b.png", "other/a.png", "c.png"], in: folder)
            let paths = ["in", "\(folder)/other/a.png", "./c.png"]
            let separators = ["lines": "\n", "zeros": "\0", "windows": "\r\n"]
            let list = Data((paths.joined(separator: separators[form] ?? "") + (separators[form] ?? "")).utf8)
            _ = try segment(["--from-file", "-"], in: folder, input: list)
            let expected = ["c_mask.png", "in/a_mask.png", "in/b b_mask.png", "other/a_mask.png"]
            #expect(try tree("\(folder)/out") == expected)
            try list.write(to: URL(fileURLWithPath: "\(folder)/list.txt"))
            _ = try segment(["--from-file", "list.txt", "--output", "two"], in: folder)
            #expect(try tree("\(folder)/two") == expected)
        }
    }

    @Test func badListsAreNamed() throws {
        try withTemporaryFolder { folder in
            try put(["a.png"], in: folder)
            let missing = try segment(
                ["--from-file", "-"], in: folder, input: Data("a.png\nb.png\n".utf8), exitCode: 1)
            #expect(missing.errors.contains("the list on standard input: there is no file or folder b.png"))
            let empty = try segment(["--from-file", "-"], in: folder, exitCode: 1)
            #expect(empty.errors.contains("names no pictures"))
            let none = try segment(["--from-file", "none.txt"], in: folder, exitCode: 1)
            #expect(none.errors.contains("the list none.txt cannot be read"))
            let twice = try segment(["-", "--from-file", "-"], in: folder, exitCode: 64)
            #expect(twice.errors.contains("- can be given once"))
        }
    }

    @Test func whatIsThereIsLeftOut() throws {
        try withTemporaryFolder { folder in
            try put(["in/a.png", "in/b.png", "in/c.png"], in: folder)
            _ = try segment(["in"], in: folder)
            let all = try segment(["in", "--skip-existing"], in: folder)
            #expect(all.output == "all 3 pictures have their results in out already\n", "\(all.output)")
            try FileManager.default.removeItem(atPath: "\(folder)/out/b_mask.png")
            let later = Date(timeIntervalSinceNow: 60)
            try FileManager.default.setAttributes([.modificationDate: later], ofItemAtPath: "\(folder)/in/c.png")
            let some = try segment(["in", "--skip-existing", "--json"], in: folder)
            #expect(
                some.output.split(separator: "\n").map { $0.contains("in/b.png") || $0.contains("in/c.png") }
                    == [true, true])
            let more = try segment(["in", "--skip-existing", "--write", "mask,soft", "--json"], in: folder)
            #expect(more.output.split(separator: "\n").count == 3)
            let run = try segment(["in", "--skip-existing", "--write", "mask,coco"], in: folder, exitCode: 64)
            #expect(run.errors.contains("--skip-existing and --write coco exclude each other"))
        }
    }

    @Test func aLineForEachPicture() throws {
        try withTemporaryFolder { folder in
            try put(["in/a.png", "in/b.png"], in: folder)
            let lines = try segment(["in", "--verbose"], in: folder).output.split(separator: "\n")
            #expect(
                lines.count == 4 && lines[0].contains(/^in\/a.png: [\d.]+ % transparent, [\d.]+ s  out\/a_mask.png$/))
            _ = try segment(["in", "--verbose", "--quiet"], in: folder, exitCode: 64)
        }
    }

    @Test func noResultTakesAPicturesPlace() throws {
        try withTemporaryFolder { folder in
            try put(["in/out/x/a.png", "out/x/a_mask.png"], in: folder)
            let before = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/out/x/a_mask.png"))
            let result = try segment(["in/out", "out/x/a_mask.png", "--recursive"], in: folder, exitCode: 1)
            #expect(result.errors.contains("would be written over a picture"), "\(result.errors)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/out/x/a_mask.png")) == before)
        }
    }

    @Test(.timeLimit(.minutes(20)), arguments: [SIGTERM, SIGINT]) func aFolderIsWatched(_ signal: Int32) throws {
        try withTemporaryFolder { folder in
            try put(["in/first.png", "late/moved.png", "late/deep.png", "late/twin.jpg"], in: folder)
            let process = Program.makeProcess(
                ["watch", "in", "--recursive", "--model", tinyModel, "--write", "mask", "--json"], in: folder)
            let (output, errors) = ("\(folder)/lines.jsonl", "\(folder)/errors.txt")
            for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
            process.standardOutput = FileHandle(forWritingAtPath: output)
            process.standardError = FileHandle(forWritingAtPath: errors)
            try process.run()
            func wait(for name: String) {
                while process.isRunning, !FileManager.default.fileExists(atPath: "\(folder)/transeg-output/\(name)") {
                    usleep(20_000)
                }
            }
            wait(for: "first_mask.png")
            // In two parts, under a name that is not a picture's, and moved in whole.
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/late/moved.png"))
            try bytes.prefix(100).write(to: URL(fileURLWithPath: "\(folder)/in/slow.png.part"))
            let slow = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/in/slow.png.part"))
            try slow.seekToEnd()
            try slow.write(contentsOf: bytes.dropFirst(100))
            try slow.close()
            try FileManager.default.moveItem(atPath: "\(folder)/in/slow.png.part", toPath: "\(folder)/in/slow.png")
            wait(for: "slow_mask.png")
            try FileManager.default.createDirectory(
                atPath: "\(folder)/in/new", withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: "\(folder)/late/deep.png", toPath: "\(folder)/in/new/deep.png")
            wait(for: "new/deep_mask.png")
            // Its results would be slow.png's.
            try FileManager.default.moveItem(atPath: "\(folder)/late/twin.jpg", toPath: "\(folder)/in/slow.jpg")
            while process.isRunning, try !String(contentsOfFile: errors, encoding: .utf8).contains("in/slow.jpg") {
                usleep(20_000)
            }
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            #expect(process.terminationStatus == 128 + signal)
            let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 4 && lines.count { $0.contains("\"error\"") } == 1, "\(lines)")
            #expect(
                try tree("\(folder)/transeg-output") == ["first_mask.png", "new/deep_mask.png", "slow_mask.png"])
        }
    }

    @Test(.timeLimit(.minutes(20))) func aWatchedNameThatIsNoUTF8IsTold() throws {
        try withTemporaryFolder { folder in
            try put(["in/a.png"], in: folder)
            #expect(makeFileWithForeignName(in: "\(folder)/in", suffix: ".png"))
            let process = Program.makeProcess(["watch", "in", "--model", tinyModel, "--write", "mask"], in: folder)
            let errors = "\(folder)/errors.txt"
            try Data().write(to: URL(fileURLWithPath: errors))
            process.standardError = FileHandle(forWritingAtPath: errors)
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            func text() throws -> String { try String(contentsOfFile: errors, encoding: .utf8) }
            while process.isRunning, try !text().contains("its name is not UTF-8; rename the file") { usleep(20_000) }
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 143)
        }
    }

    @Test(.timeLimit(.minutes(20))) func aWatchedFolderThatGoesIsAnError() throws {
        try withTemporaryFolder { folder in
            try put(["in/a.png"], in: folder)
            let process = Program.makeProcess(["watch", "in", "--model", tinyModel, "--write", "mask"], in: folder)
            let errors = Pipe()
            (process.standardError, process.standardOutput) = (errors, FileHandle.nullDevice)
            try process.run()
            while process.isRunning, !FileManager.default.fileExists(atPath: "\(folder)/transeg-output/a_mask.png") {
                usleep(20_000)
            }
            try FileManager.default.removeItem(atPath: "\(folder)/in")
            process.waitUntilExit()
            let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            #expect(process.terminationStatus == 1 && text.contains("in was moved or removed"), "\(text)")
            let none = try Program.run(["watch", "in"], in: folder)
            #expect(none.exitCode == 1 && none.errors.contains("there is no folder in"))
        }
    }
}
