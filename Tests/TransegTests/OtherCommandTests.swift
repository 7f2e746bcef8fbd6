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

    @Test(arguments: [
        ["segment", "a.png", "--model", tinyModel, "--json"], ["segment", "a.png", "--model", tinyModel], ["doctor"],
        ["doctor", "--json"], ["config", "init"], ["--version"], ["--help"], ["help", "segment"],
        ["train", "--print-config"],
        ["--generate-completion-script", "bash"],
    ])
    func aFullStreamIsAnError(arguments: [String]) throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/a.png")
            let process = Program.makeProcess(arguments, in: folder)
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
        }
    }

    @Test(arguments: [
        (["sement"], "there is no command sement; did you mean segment?", "transeg <subcommand>"),
        (["dataset", "audti", "x"], "there is no command audti; did you mean audit?", "transeg dataset <subcommand>"),
        (["help", "evalute"], "did you mean evaluate?", "transeg <subcommand>"),
        (["segment", "--thresold", "1"], "Did you mean '--threshold'?", "transeg segment"),
        (["segment", "-dash.jpg"], "a file of this name is given as ./-dash.jpg, or after --", "transeg segment"),
        (["dataset", "audit", "-oh"], "there is no option -oh", "transeg dataset audit"),
        (["segment", "--fit", "100"], "the size 100 is not a multiple of", "transeg segment"),
        (["train", "--lr", "-1"], "lr", "transeg train"),
    ])
    func aMistypedCommandIsToldWithItsUsage(arguments: [String], says: String, usage: String) throws {
        try withTemporaryFolder { folder in
            let result = try Program.run(arguments, in: folder)
            #expect(result.exitCode == 64 && result.output.isEmpty)
            #expect(result.errors.contains(says) && result.errors.contains("Usage: \(usage)"), "\(result.errors)")
        }
    }

    /// Shells complete what is a path or one of a few words, and each option says what it does.
    @Test func everyPathAndChoiceIsCompleted() throws {
        struct Argument: Decodable {
            let kind: String
            let valueName: String?
            let abstract: String?
            let shouldDisplay: Bool
            let allValues: [String]?
            let completionKind: [String: [String: [String]]]?
        }
        struct Command: Decodable {
            let commandName: String
            let arguments: [Argument]?
            let subcommands: [Command]?

            var all: [(command: String, argument: Argument)] {
                (arguments ?? []).map { (commandName, $0) } + (subcommands ?? []).flatMap(\.all)
            }
        }
        struct Dump: Decodable { let command: Command }
        try withTemporaryFolder { folder in
            let result = try Program.run(["--experimental-dump-help"], in: folder)
            let all = try JSONDecoder().decode(Dump.self, from: result.outputBytes).command.all
            #expect(all.count > 200)
            let paths = /file.*|path|.*folder.*|image.*|plan\.json|out|model|A|B/
            for (command, argument) in all where argument.shouldDisplay && command != "help" {
                let name = argument.valueName ?? ""
                #expect(argument.abstract != nil, "\(command) \(name)")
                let completion = argument.completionKind?.keys.first
                if name.wholeMatch(of: paths) != nil, argument.kind != "flag" {
                    #expect(completion == "file" || completion == "directory", "\(command) \(name)")
                } else if argument.allValues != nil || name == "bool" {
                    #expect(completion == "list", "\(command) \(name)")
                }
            }
        }
    }

    @Test func namesThatBeginWithADashAreTakenAsFiles() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/-dash.png")
            for arguments in [["./-dash.png"], ["--", "-dash.png"]] {
                let result = try Program.run(["segment", "-q", "--model", tinyModel] + arguments, in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
            }
        }
    }

    /// Foundation traps on the folder above a path of one character.
    @Test func pathsMayBeOneLetter() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/x.png")
            try FileManager.default.moveItem(atPath: "\(folder)/x.png", toPath: "\(folder)/x")
            let runs: [([String], Int32)] = [
                (["segment", "x", "--model", tinyModel, "--write", "soft", "--output", "o", "--dump", "q"], 0),
                (["synthesize", "s", "--test", "2", "--size", "64"], 0),
                (["dataset", "audit", "s", "--repair", "r", "--sheet", "h"], 0),
                (["dataset", "audit", "s", "--images", "*", "--masks", "*_m"], 1), (["compare", "x", "x"], 1),
                (["compare", "é", "x"], 1), (["checkpoint", "inspect", "x"], 1), (["checkpoint", "verify", "."], 1),
            ]
            for (arguments, code) in runs {
                let result = try Program.run(arguments, in: folder)
                #expect(result.exitCode == code, "\(arguments): \(result.errors)")
            }
            #expect(try names(in: "\(folder)/o") == ["x_soft.png"])
        }
    }

    /// The working folder is not replaced where a shell's variable was not set.
    @Test func anEmptyPathLosesNothing() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/a.png")
            for arguments in [["synthesize", "", "--test", "1", "--size", "64"], ["export", tinyModel, ""]] {
                let result = try Program.run(arguments, in: folder)
                #expect(result.exitCode == 1 && result.errors.contains("its path is empty"), "\(result.errors)")
                #expect(try names(in: folder) == ["a.png"])
            }
        }
    }

    /// As text they would name another folder.
    @Test func optionsThatAreNotUTF8AreRefused() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/a.png")
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/bash")
            shell.arguments = [
                "-c", "'\(Program.path)' segment a.png -q --model '\(tinyModel)' --output $'o\\xff' 2> errors",
            ]
            shell.currentDirectoryURL = URL(fileURLWithPath: folder)
            try shell.run()
            shell.waitUntilExit()
            #expect(shell.terminationStatus == 64)
            let errors = try String(contentsOfFile: "\(folder)/errors", encoding: .utf8)
            #expect(errors.contains("o\u{FFFD} is not UTF-8, as what options name must be"), "\(errors)")
            #expect(try names(in: folder) == ["a.png", "errors"])
        }
    }

    @Test func whatWouldMoveACursorIsEscaped() throws {
        try withTemporaryFolder { folder in
            let name = "a\u{1B}[2J\u{202E}gpj.\nb.png"
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            let result = try Program.run(["segment", name, "--model", tinyModel], in: folder)
            #expect(result.exitCode == 1)
            #expect(result.errors.contains("a\\u001b[2J\\u202egpj.\\nb.png"), "\(result.errors)")
            #expect(result.errorLines.count == 1 && !result.errors.contains("\u{1B}"))
        }
    }

    @Test func aFolderAsStandardInputIsToldInASentence() throws {
        try withTemporaryFolder { folder in
            let process = Program.makeProcess(["segment", "-", "--model", tinyModel], in: folder)
            process.standardInput = FileHandle(forReadingAtPath: folder)
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            process.waitUntilExit()
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            #expect(process.terminationStatus == 1)
            #expect(text == "Error: standard input cannot be read: it is a folder\n")
        }
    }

    @Test func noInputIsOverwritten() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/ds", withIntermediateDirectories: true)
            let photo = try drawnPicture(width: 40, height: 30).jpegData()
            for name in ["d.jpg", "ds/1.jpg", "x.txt"] {
                try Data(photo).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/link.html", withDestinationPath: "ds/1.jpg")
            for arguments in [
                ["segment", "d.jpg", "--dump", "d.jpg"], ["segment", "d.jpg", "--dump", "x.txt"],
                ["dataset", "audit", "ds", "--sheet", "ds/1.jpg"],
                ["dataset", "audit", "ds", "--sheet", "ds/new.html"],
                ["dataset", "audit", "ds", "--sheet", "d.jpg"], ["dataset", "audit", "ds", "--sheet", "link.html"],
                ["dataset", "audit", "ds", "--repair", "ds/plan.json"],
                ["dataset", "preview", "ds", "--output", "ds/1.jpg"],
                ["dataset", "preview", "ds", "--output", "x.txt"],
                [
                    "train", "--plot-schedule", "ds/1.jpg", "--dataset-path", "ds", "--base-model-path", tinyModel,
                    "--output-dir", "run",
                ],
                [
                    "lr-find", "--output", "ds/1", "--dataset-path", "ds", "--base-model-path", tinyModel,
                ],
            ] {
                let result = try Program.run(arguments, in: folder)
                #expect(result.exitCode == 64, "\(arguments) \(result.errors)")
                #expect(result.errors.contains("cannot be written"), "\(result.errors)")
            }
            for name in ["d.jpg", "ds/1.jpg", "x.txt"] {
                #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")) == Data(photo))
            }
            #expect(try names(in: folder) == ["d.jpg", "ds", "link.html", "x.txt"])
        }
    }
}
