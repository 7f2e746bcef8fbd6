import Files
import Foundation
import Images
import TestSupport
import Testing
import Torch

/// Work that was begun is never lost: what stops can go on, and what cannot says why.
@Suite struct GoingOnTests {
    private func synthesize(in folder: String, _ options: [String] = ["--train", "4", "--validation", "2"]) throws {
        let result = try Program.run(["synthesize", "scenes", "--size", "64", "-q"] + options, in: folder)
        #expect(result.exitCode == 0, "\(result.errors)")
    }

    private func train(
        _ options: [String], dataset: String = "scenes", output: String = "run", model: String = tinyModel
    ) -> [String] {
        [
            "train", "-q", "--base-model-path", model, "--dataset-path", dataset, "--output-dir", output,
            "--resolution",
            "32", "--train-batch-size", "1", "--gradient-accumulation-steps", "1", "--lr", "1e-3", "--scale-lr",
            "false",
            "--lr-warmup-steps", "0", "--data-type", "fp32", "--trainable", "lora", "--lora-rank", "1",
            "--lora-targets", "attn.to_q",
        ] + options
    }

    /// Starts the program, waits for a line in a file, does something, and gives how it ended.
    private func whileRunning(
        _ arguments: [String], in folder: String, until file: String, _ body: (Process) throws -> Void
    ) throws -> Process {
        let process = Program.makeProcess(arguments, in: folder)
        // Where nobody reads, as in a pipeline whose other programs Ctrl-C has ended already.
        let unread = Pipe()
        try unread.fileHandleForReading.close()
        (process.standardError, process.standardOutput) = (unread, FileHandle.nullDevice)
        try process.run()
        while process.isRunning,
            (FileManager.default.contents(atPath: "\(folder)/\(file)") ?? Data()).count(where: { $0 == 10 }) < 2
        { usleep(2000) }
        try body(process)
        process.waitUntilExit()
        return process
    }

    @Test(arguments: [SIGHUP, SIGTERM, SIGINT])
    func signalsSaveAndLeave(signal: Int32) throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            let process = try whileRunning(
                train(["--max-train-steps", "100000"]), in: folder, until: "run/log.jsonl"
            ) {
                // Whoever else trains there is refused, and the run goes on.
                let second = try Program.run(
                    train(["--max-train-steps", "9", "--resume-from-checkpoint", "latest"]), in: folder)
                #expect(second.exitCode == 1 && second.errors.contains("another run is writing to run"))
                kill($0.processIdentifier, signal)
            }
            #expect(process.terminationReason == .exit && process.terminationStatus == 128 + signal)
            #expect(try names(in: "\(folder)/run").contains { $0.hasPrefix("checkpoint-") })
        }
    }

    @Test func aRunIsTheSameFromAnywhere() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            _ = try copyModel("tiny-0", into: folder)
            let options = ["--save-checkpoint-steps", "1", "--keep-checkpoints", "9", "--max-train-steps"]
            let whole = try Program.run(train(options + ["3"], model: "tiny-0"), in: folder)
            #expect(whole.exitCode == 0, "\(whole.errors)")
            let files = FileManager.default
            try files.createDirectory(atPath: "\(folder)/else", withIntermediateDirectories: true)
            let exported = try Program.run(["export", "../run/checkpoint-1", "out"], in: "\(folder)/else")
            #expect(exported.exitCode == 0, "\(exported.errors)")

            // Everything has another name; what is in the files is the same.
            try files.moveItem(atPath: "\(folder)/scenes", toPath: "\(folder)/moved")
            try files.moveItem(atPath: "\(folder)/tiny-0", toPath: "\(folder)/model")
            let missing = try Program.run(["export", "run/checkpoint-1", "gone"], in: folder)
            #expect(missing.exitCode == 1 && missing.errors.contains("--base-model-path"), "\(missing.errors)")
            #expect(
                try Program.run(["export", "run/checkpoint-1", "named", "--base-model-path", "model"], in: folder)
                    .exitCode == 0)
            let resumed = try Program.run(
                train(
                    options + ["3", "--resume-from-checkpoint", "../run/checkpoint-1"], dataset: "../moved/",
                    output: "again", model: "../model/"), in: "\(folder)/else")
            #expect(resumed.exitCode == 0, "\(resumed.errors)")
            for name in ["pytorch_lora_weights", "optimizer"] {
                #expect(
                    files.contentsEqual(
                        atPath: "\(folder)/else/again/checkpoint-3/\(name).safetensors",
                        andPath: "\(folder)/run/checkpoint-3/\(name).safetensors"))
            }
            // A checkpoint from elsewhere does not go on in another run's folder.
            let mixed = try Program.run(
                train(
                    options + ["3", "--resume-from-checkpoint", "../run/checkpoint-1"], dataset: "../moved",
                    output: "again", model: "../model"), in: "\(folder)/else")
            #expect(mixed.exitCode == 1 && mixed.errors.contains("again has a run in it"), "\(mixed.errors)")
            try editTensors("\(folder)/model/vae/diffusion_pytorch_model.safetensors") {
                $0["decoder.conv_out.bias"] = try Tensor.zeros([3])
            }
            let other = try Program.run(
                train(options + ["3", "--resume-from-checkpoint", "latest"], dataset: "moved", model: "model"),
                in: folder)
            #expect(other.exitCode == 1 && other.errors.contains("the base model was"), "\(other.errors)")
        }
    }

    @Test func latestNeverErasesARun() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            let latest = train(["--max-train-steps", "2", "--resume-from-checkpoint", "latest"])
            // As a job script says from its first run on.
            let first = try Program.run(latest, in: folder)
            #expect(first.exitCode == 0 && first.errors.contains("beginning anew"), "\(first.errors)")
            let log = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/run/log.jsonl"))
            #expect(String(decoding: log, as: UTF8.self).contains(#""format_version":1"#))
            try Data().write(to: URL(fileURLWithPath: "\(folder)/run/checkpoint-2/trainer_state.json"))
            let before = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/run").sorted()
            let refused = try Program.run(latest, in: folder)
            #expect(refused.exitCode == 1 && refused.errors.contains("no whole checkpoint"), "\(refused.errors)")
            #expect(try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/run").sorted() == before)
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/run/log.jsonl")) == log)
            // A log of a later version is not cut.
            try FileManager.default.removeItem(atPath: "\(folder)/run/checkpoint-2")
            let later = log + Data("{\"format_version\":2,\"step\":3}\n".utf8)
            try later.write(to: URL(fileURLWithPath: "\(folder)/run/log.jsonl"))
            let newer = try Program.run(latest, in: folder)
            #expect(newer.exitCode == 1 && newer.errors.contains("of a later version of transeg"), "\(newer.errors)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/run/log.jsonl")) == later)
        }
    }

    @Test func badPicturesAreFoundBeforeTheFirstUpdate() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            let picture = "\(folder)/scenes/validation/easy/images/5.jpg"
            let whole = try Data(contentsOf: URL(fileURLWithPath: picture))
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: picture))
            let small = try Image(width: 4, height: 4, channels: 1, pixels: [UInt8](repeating: 0, count: 16))
            try small.write(to: "\(folder)/scenes/train/masks/2_mask.png")
            let mask = "\(folder)/scenes/train/masks/3_mask.png"
            try FileManager.default.removeItem(atPath: mask)
            #expect(mkfifo(mask, 0o666) == 0)
            let options = train(["--max-train-steps", "2", "--val-steps", "1"])
            let result = try Program.run(options, in: folder)
            #expect(result.exitCode == 1 && result.errorLines.count == 1)
            for text in [
                "3 of the pictures", "5.jpg cannot be decoded", "2_mask.png has 4 x 4 pixels",
                "3_mask.png cannot be opened: it is no regular file but a pipe", "dataset audit scenes --repair",
            ] {
                #expect(result.errors.contains(text), "\(result.errors)")
            }
            #expect(try names(in: folder) == ["scenes"])
            // The remedy is one.
            _ = try Program.run(["dataset", "audit", "scenes", "--repair", "plan.json", "-q"], in: folder)
            let repaired = try Program.run(options + ["--plan", "plan.json"], in: folder)
            #expect(repaired.exitCode == 0, "\(repaired.errors)")
        }
    }

    @Test func aWarmUpThatIsTooLongIsTold() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            for extra in [["--dry-run"], []] {
                let options = train(["--max-train-steps", "3"] + extra)
                // An epoch of warm-up is the default.
                let position = try #require(options.firstIndex(of: "--lr-warmup-steps"))
                let result = try Program.run(Array(options[..<position] + options[(position + 2)...]), in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
                #expect(result.errors.contains("the warm-up of 4 updates is longer than the run of 3"))
                #expect(!result.output.contains("at update 5"))
            }
        }
    }

    @Test func anEvaluationBeginsGoesOnAndIsFinished() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder, ["--test", "3"])
            let arguments = [
                "evaluate", "-q", "--dataset", "scenes", "--model", tinyModel, "--output", "e", "--resume",
            ]
            let first = try Program.run(arguments, in: folder)
            #expect(first.exitCode == 0, "\(first.errors)")
            let again = try Program.run(arguments, in: folder)
            #expect(again.exitCode == 0 && again.errors.contains("was finished already"), "\(again.errors)")
            let other = try Program.run(arguments + ["--precision", "int8"], in: folder)
            #expect(other.exitCode == 1 && other.errors.contains("precision was exact and is int8"), "\(other.errors)")
            // Of an earlier version, which left nothing to know it by.
            try FileManager.default.removeItem(atPath: "\(folder)/e/.evaluation.json")
            #expect(try Program.run(arguments, in: folder).exitCode == 0)
            let threshold = try Program.run(arguments + ["--threshold", "0.4"], in: folder)
            #expect(threshold.exitCode == 1 && threshold.errors.contains("of something else"), "\(threshold.errors)")
        }
    }

    @Test func changedPredictionsAreNoticed() throws {
        try withTemporaryFolder { folder in
            for name in ["p", "t"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            func mask(_ value: UInt8) throws -> Image {
                try Image(width: 8, height: 8, channels: 1, pixels: [UInt8](repeating: value, count: 64))
            }
            for id in 1...2 {
                try mask(255).write(to: "\(folder)/p/\(id).png")
                try mask(id == 1 ? 255 : 7).write(to: "\(folder)/t/\(id).png")
            }
            func evaluate(_ predictions: String) throws -> ProgramResult {
                try Program.run(
                    [
                        "evaluate", "-q", "--predictions", predictions, "--ground-truth", "t", "--output", "e",
                        "--resume",
                    ],
                    in: folder)
            }
            // The second truth is none, which ends the evaluation.
            #expect(try evaluate("p").errors.contains("values 7) is not understood"))
            let moved = try evaluate("\(folder)/p/")
            #expect(moved.errors.contains("values 7) is not understood"), "\(moved.errors)")
            try mask(0).write(to: "\(folder)/p/1.png")
            let changed = try evaluate("p")
            #expect(changed.errors.contains("1 scored picture have changed, such as 1"), "\(changed.errors)")
        }
    }

    /// What was scored stays so when a bad picture is replaced or left out.
    @Test func anEvaluationGoesOnAfterARepair() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder, ["--test", "4"])
            let bad = "\(folder)/scenes/test/easy/images/3.jpg"
            let whole = try Data(contentsOf: URL(fileURLWithPath: bad))
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: bad))
            func evaluate(_ options: [String]) throws -> ProgramResult {
                try Program.run(
                    ["evaluate", "-q", "--dataset", "scenes", "--model", tinyModel, "--resume"] + options, in: folder)
            }
            #expect(try evaluate(["--output", "e"]).errors.contains("3.jpg cannot be decoded"))
            try FileManager.default.copyItem(atPath: "\(folder)/e", toPath: "\(folder)/f")
            _ = try Program.run(["dataset", "audit", "scenes", "--repair", "plan.json", "-q"], in: folder)
            let planned = try evaluate(["--output", "e", "--plan", "plan.json"])
            #expect(planned.exitCode == 0, "\(planned.errors)")
            try whole.write(to: URL(fileURLWithPath: bad))
            #expect(try evaluate(["--output", "f"]).exitCode == 0)
            // But not where a scored one is another.
            let other = try evaluate(["--output", "e"])
            #expect(other.exitCode == 1 && other.errors.contains("such as easy/3"), "\(other.errors)")
        }
    }

    @Test func oneEvaluationAtATimeWritesToAFolder() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder, ["--test", "40"])
            let arguments = ["evaluate", "-q", "--dataset", "scenes", "--model", tinyModel, "--output", "e"]
            let process = try whileRunning(arguments, in: folder, until: "e/per_image.partial.csv") {
                // Held up, so that it does not end before it is asked to.
                kill($0.processIdentifier, SIGSTOP)
                let second = try Program.run(arguments + ["--resume"], in: folder)
                #expect(second.exitCode == 1 && second.errors.contains("another evaluation is writing to e"))
                kill($0.processIdentifier, SIGHUP)
                kill($0.processIdentifier, SIGCONT)
            }
            #expect(process.terminationReason == .exit && process.terminationStatus == 129)
            #expect(try Program.run(arguments + ["--resume"], in: folder).exitCode == 0)
        }
    }

    @Test func aVAEThatWasKilledIsTrainedAgain() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            func arguments(_ steps: Int) -> [String] {
                [
                    "train-vae", "-q", "--dataset-path", "scenes", "--output-dir", "vae", "--resolution", "32",
                    "--batch-size", "2", "--channels", "8,8", "--norm-groups", "4", "--steps", "\(steps)",
                ]
            }
            _ = try whileRunning(arguments(100_000), in: folder, until: "vae/log.jsonl") {
                kill($0.processIdentifier, SIGKILL)
            }
            let again = try Program.run(arguments(2), in: folder)
            #expect(again.exitCode == 0, "\(again.errors)")
            #expect(try Program.run(arguments(2), in: folder).exitCode == 64)
        }
    }

    @Test func aVAEThatWasKilledSaysHowToGoOn() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            let arguments = [
                "train-vae", "-q", "--dataset-path", "scenes", "--output-dir", "vae", "--resolution", "32",
                "--batch-size", "2", "--channels", "8,8", "--norm-groups", "4", "--steps", "100000",
                "--save-checkpoint-steps", "100",
            ]
            // The next one takes its place, so that few updates between are too few to see it.
            _ = try whileRunning(arguments, in: folder, until: "vae/checkpoint-100/manifest.json") {
                kill($0.processIdentifier, SIGKILL)
            }
            let inUse = try Program.run(arguments, in: folder)
            #expect(inUse.exitCode == 1 && inUse.errors.contains("--resume-from-checkpoint latest"), "\(inUse.errors)")
            let other = try Program.run(arguments + ["--resume-from-checkpoint", "latest", "--lr", "0.5"], in: folder)
            #expect(other.exitCode != 0 && other.errors.contains("lr was 0.001 and is 0.5"), "\(other.errors)")
            let missing = try Program.run(arguments + ["--resume-from-checkpoint", "checkpoint-1"], in: folder)
            #expect(missing.exitCode == 1 && missing.errors.contains("there is no checkpoint"), "\(missing.errors)")
        }
    }

    @Test func filesThatAreNoneAndNamesOfAllKinds() throws {
        try withTemporaryFolder { folder in
            let files = FileManager.default
            try files.createDirectory(atPath: "\(folder)/in", withIntermediateDirectories: true)
            let picture = try drawnPicture(width: 40, height: 30).jpegData()
            let long = String(repeating: "杯", count: 83)
            for name in ["a", long, String(repeating: "x", count: 251)] {
                try Data(picture).write(to: URL(fileURLWithPath: "\(folder)/in/\(name).jpg"))
            }
            #expect(mkfifo("\(folder)/in/pipe.jpg", 0o666) == 0)
            #expect(makeFileWithForeignName(in: "\(folder)/in", suffix: ".jpg"))
            let result = try Program.run(["segment", "in", "--model", tinyModel, "--write", "mask,cutout"], in: folder)
            #expect(result.exitCode == 1)
            #expect(result.errors.contains("pipe.jpg cannot be opened: it is no regular file but a pipe"))
            #expect(result.errors.contains("its name is not UTF-8"), "\(result.errors)")
            #expect(try names(in: "\(folder)/transeg-output").count == 6)
            // A shell's own pipe is taken.
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/bash")
            shell.arguments = ["-c", "\(Program.path) segment <(cat in/a.jpg) --model \(tinyModel) -q --output s"]
            shell.currentDirectoryURL = URL(fileURLWithPath: folder)
            try shell.run()
            shell.waitUntilExit()
            #expect(shell.terminationStatus == 0)
        }
    }
}
