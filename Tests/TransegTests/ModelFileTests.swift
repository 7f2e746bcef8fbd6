import Foundation
import Images
import TestSupport
import Testing

/// What a user is told of model files.
@Suite struct ModelFileTests {
    /// A folder with a picture and a model in float32, whose weights are then the mapped files.
    private func withModel(_ body: (_ folder: String, _ model: String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/a.png")
            let made = try Program.run(["export", tinyModel, "model", "--dtype", "float32"], in: folder)
            #expect(made.exitCode == 0, "\(made.errors)")
            try body(folder, "\(folder)/model")
        }
    }

    /// Starts the program on a picture from standard input, does `body` when it has loaded the model, and then gives it the picture.
    private func segment(
        in folder: String, model: String, _ body: () throws -> Void
    ) throws -> (code: Int32, errors: String) {
        let process = Program.makeProcess(
            ["segment", "-", "--model", model, "--size", "64", "--output", "out"], in: folder)
        let (input, errors) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        // It reads the picture with the model in memory: until then all threads but the reader's have nothing to do.
        let deadline = Date() + 60
        func isLoaded() -> Bool {
            let maps = FileHandle(forReadingAtPath: "/proc/\(process.processIdentifier)/maps")
            let text = String(decoding: (try? maps?.readToEnd()) ?? Data(), as: UTF8.self)
            return text.contains("\(model)/vae/") && text.contains("\(model)/transformer/")
        }
        while !isLoaded(), Date() < deadline, process.isRunning { Thread.sleep(forTimeInterval: 0.02) }
        // Under load the last file may be mapped long before it is all read.
        var (ticks, idleSince) = ("", Date())
        while Date().timeIntervalSince(idleSince) < 0.5, Date() < deadline, process.isRunning {
            let stat = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
            // Time in the program and for it in the system, counted after the name in brackets.
            let now = stat?.split(separator: ")").last?.split(separator: " ").dropFirst(11).prefix(2).joined(
                separator: " ")
            if now != ticks { (ticks, idleSince) = (now ?? "", Date()) }
            Thread.sleep(forTimeInterval: 0.05)
        }
        try body()
        try? input.fileHandleForWriting.write(contentsOf: Data(contentsOf: URL(fileURLWithPath: "\(folder)/a.png")))
        try? input.fileHandleForWriting.close()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit, "it ended by signal \(process.terminationStatus)")
        return (process.terminationStatus, text)
    }

    @Test(arguments: ["vae", "transformer"])
    func saysWhichFileWasTruncatedWhileItWasRead(part: String) throws {
        try withModel { folder, model in
            let file = "\(model)/\(part)/diffusion_pytorch_model.safetensors"
            let run = try segment(in: folder, model: model) { #expect(truncate(file, 0) == 0) }
            #expect(run.code == 1)
            #expect(run.errors.contains("Error: \(file) was truncated while it was read"), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
    }

    @Test func saysWhichFileWasChangedWhileItWasRead() throws {
        try withModel { folder, model in
            let file = "\(model)/vae/diffusion_pytorch_model.safetensors"
            let run = try segment(in: folder, model: model) {
                let handle = try #require(FileHandle(forWritingAtPath: file))
                try handle.seek(toOffset: 4000)
                try handle.write(contentsOf: [UInt8](repeating: 0, count: 4000))
                try handle.close()
            }
            #expect(run.code == 1)
            #expect(run.errors.contains("\(file)\" was changed while it was read"), "\(run.errors)")
            #expect(try names(in: "\(folder)/out").isEmpty)
        }
    }

    @Test func aFileThatIsReplacedByRenamingMayBe() throws {
        try withModel { folder, model in
            let run = try segment(in: folder, model: model) {
                let file = "\(model)/vae/diffusion_pytorch_model.safetensors"
                try "x".write(toFile: "\(folder)/new", atomically: false, encoding: .utf8)
                #expect(rename("\(folder)/new", file) == 0)
            }
            #expect(run.code == 0, "\(run.errors)")
        }
    }

    @Test func notesAreToldOnceAndErrorsOnlyWithoutThem() throws {
        try withModel { folder, model in
            let part = "\(model)/transformer/diffusion_pytorch_model"
            try FileManager.default.moveItem(atPath: "\(part).safetensors", toPath: "\(part).bf16.safetensors")
            let arguments = ["segment", "a.png", "--model", model, "--size", "64", "--variant", "bf16"]
            let told = try Program.run(arguments, in: folder)
            #expect(told.exitCode == 0)
            let note = "Note: vae has no variant bf16; vae/diffusion_pytorch_model.safetensors is taken"
            #expect(told.errorLines.filter { $0.hasPrefix("Note") } == [note])
            #expect(try Program.run(arguments + ["--quiet"], in: folder).errors == "")
        }
    }

    /// A shell leaves `~` in some places to the program.
    @Test func aTildeIsTheHomeFolder() throws {
        try withModel { folder, model in
            let home = "\(folder)/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(folder)/a.png", toPath: "\(home)/b.png")
            try FileManager.default.moveItem(atPath: model, toPath: "\(home)/m")
            let run = try Program.run(
                ["segment", "~/b.png", "--model=~/m", "--size", "64", "--output=~/masks", "--dump", "~/d.safetensors"],
                in: folder, environment: ["HOME": home])
            #expect(run.exitCode == 0, "\(run.errors)")
            #expect(try names(in: home) == ["b.png", "d.safetensors", "m", "masks"])
            #expect(try names(in: folder) == ["a.png", "home"].sorted())
            // A file of that name has a path.
            try FileManager.default.createDirectory(atPath: "\(folder)/~", withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(folder)/a.png", toPath: "\(folder)/~/c.png")
            let literal = try Program.run(
                ["segment", "./~/c.png", "--size", "64", "--output", "./~/o"], in: folder, environment: ["HOME": home])
            #expect(literal.exitCode == 0, "\(literal.errors)")
            #expect(try names(in: "\(folder)/~") == ["c.png", "o"])

            try "output_dir: ~/runs\nlatent_cache: '~/cache'\n".write(
                toFile: "\(home)/s.yaml", atomically: true, encoding: .utf8)
            let settings = try Program.run(
                ["train", "--print-config", "--config=~/s.yaml"], in: folder,
                environment: ["HOME": home, "TRANSEG_DATASET_PATH": "~/data", "TRANSEG_BASE_MODEL_PATH": "~/m"])
            for path in ["runs", "cache", "data", "m"] {
                #expect(settings.output.contains(" \(home)/\(path) "), "\(settings.output)\(settings.errors)")
            }
        }
    }

    /// The model takes 4 pixels a position and 2 positions a token: what is said is said in pixels.
    @Test func aSizeBeyondThePositionalEmbeddingIsToldInPixels() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/a.png")
            let run = try Program.run(["segment", "a.png", "--size", "264"], in: folder)
            #expect(run.exitCode == 64)
            #expect(
                run.errors.contains("the size 264 is larger than the model can take; use at most 256"), "\(run.errors)")
            let off = try Program.run(["segment", "a.png", "--size", "252"], in: folder)
            #expect(off.errors.contains("the size 252 is not a multiple of 8; use 248 or 256"), "\(off.errors)")
            #expect(try Program.run(["segment", "a.png", "--size", "256"], in: folder).exitCode == 0)
        }
    }

    /// Its own folder is refused as a target, and what stays of a killed export goes with the next one.
    @Test func anExportNeverWritesOverItsSource() throws {
        try withModel { folder, model in
            for target in ["model", "model/", "./model"] {
                let run = try Program.run(["export", "model", target, "--folded"], in: folder)
                #expect(run.exitCode == 1)
                #expect(run.errors.contains("something is there already"), "\(run.errors)")
            }
            let left = "\(folder)/.other.partial-1-2"
            try FileManager.default.createDirectory(atPath: "\(left)/transformer", withIntermediateDirectories: true)
            #expect(try Program.run(["export", "model", "folded", "--folded"], in: folder).exitCode == 0)
            #expect(!FileManager.default.fileExists(atPath: left))
            #expect(try Program.run(["doctor", "--model", "folded"], in: folder).exitCode == 0)
        }
    }
}
