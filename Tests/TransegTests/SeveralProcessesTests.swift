import Files
import Foundation
import TestSupport
import Testing

/// Several processes do what one does, and end together.
@Suite(.serialized) struct SeveralProcessesTests {
    private func train(_ options: [String]) -> [String] {
        [
            "train", "--base-model-path", tinyModel, "--dataset-path", "scenes", "--resolution", "32", "--lr", "1e-3",
            "--scale-lr", "false", "--lr-warmup-steps", "0", "--data-type", "fp32", "--threads", "1",
            "--process-timeout", "60",
        ] + options
    }

    private func synthesize(in folder: String, _ options: [String]) throws {
        let drawn = try Program.run(["synthesize", "scenes", "--size", "64", "-q"] + options, in: folder)
        #expect(drawn.exitCode == 0, "\(drawn.errors)")
    }

    private func log(_ folder: String) throws -> [[String: Any]] {
        try String(contentsOfFile: "\(folder)/log.jsonl", encoding: .utf8).split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    @Test(arguments: ["none", "full"]) func twoTrainAsOne(sharding: String) throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder, ["--train", "7", "--validation", "3"])
            let options = [
                "--max-train-steps", "4", "--val-steps", "2", "--num-vals-train", "3", "--gradient-accumulation-steps",
                "2", "--ema-decay", "0.9",
            ]
            let one = try Program.run(
                train(options + ["--output-dir", "one", "--train-batch-size", "2", "-q"]), in: folder)
            #expect(one.exitCode == 0, "\(one.errors)")
            let results = try SeveralProcesses(
                2, train(options + ["--output-dir", "two", "--train-batch-size", "1", "--sharding", sharding]),
                in: folder
            ).results()
            #expect(results.map(\.exitCode) == [0, 0])
            #expect(results[0].errors.contains("updates of 4 pictures each on 2 processes"))
            #expect(results[1].output + results[1].errors == "")
            let (expected, found) = (try log("\(folder)/one"), try log("\(folder)/two"))
            #expect(found.count == expected.count && expected.count == 6)
            for (line, other) in zip(expected, found) {
                #expect(line["step"] as? Int == other["step"] as? Int)
                for key in ["loss", "grad_norm", "val_iou", "val_mse"] {
                    let (value, own) = (line[key] as? Double ?? 0, other[key] as? Double ?? 0)
                    #expect(abs(value - own) <= 1e-5 * max(1, value), "\(key)")
                }
            }
            #expect(try names(in: "\(folder)/two/validation/4/pictures/easy").count % 4 == 0)
            // One goes on where two have been.
            let on = try Program.run(
                train([
                    "--output-dir", "two", "--max-train-steps", "5", "--train-batch-size", "4", "--allow-changes",
                    "--ema-decay", "0.9",
                    "--gradient-accumulation-steps", "1", "--resume-from-checkpoint", "latest",
                ]), in: folder)
            #expect(on.exitCode == 0 && on.errors.contains("going on after update 4"))
        }
    }

    @Test(arguments: [SIGUSR1, SIGTERM]) func aSignalToOneSavesAndEndsAll(signal: Int32) throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder, ["--train", "5"])
            let running = try SeveralProcesses(
                2, train(["--output-dir", "run", "--max-train-steps", "100000", "--trainable", "lora"]), in: folder)
            running.wait(for: "run/log.jsonl")
            kill(running.processes[1].processIdentifier, signal)
            let results = try running.results()
            #expect(results[1].exitCode == 128 + signal && results[0].exitCode > 128)
            let step = try #require(try log("\(folder)/run").last?["step"] as? Int)
            #expect(try names(in: "\(folder)/run").contains("checkpoint-\(step)"))
            #expect(results[0].errors.contains("stopped after update \(step)"))
        }
    }

    @Test func oneThatIsKilledEndsAll() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder, ["--train", "5"])
            let running = try SeveralProcesses(
                3, train(["--output-dir", "run", "--max-train-steps", "100000", "--trainable", "lora"]), in: folder)
            running.wait(for: "run/log.jsonl")
            kill(running.processes[1].processIdentifier, SIGKILL)
            let results = try running.results()
            for rank in [0, 2] {
                #expect(results[rank].exitCode == 1)
                let error = try #require(results[rank].errorLines.last)
                #expect(error.hasPrefix("Error: rank \(rank): update "))
                #expect(error.contains("another process of the run ended or cannot be reached"))
                #expect(error.hasSuffix("continue with --resume-from-checkpoint latest"))
                let told = try String(contentsOfFile: "\(folder)/error-\(rank).json", encoding: .utf8)
                #expect(told.contains("rank \(rank): update "))
            }
        }
    }

    /// What one cannot read ends all, when they have saved.
    @Test func picturesThatAreLostEndAllAfterSaving() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder, ["--train", "5"])
            let running = try SeveralProcesses(
                2,
                train([
                    "--output-dir", "run", "--max-train-steps", "100000", "--trainable", "lora", "--train-batch-size",
                    "1",
                ]), in: folder)
            running.wait(for: "run/log.jsonl")
            for name in try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/scenes")
            where name.hasSuffix(".jpg") { try FileManager.default.removeItem(atPath: "\(folder)/scenes/\(name)") }
            let results = try running.results()
            #expect(results.map(\.exitCode) == [1, 1])
            #expect(results.contains { $0.errors.contains("of the training pictures could not be read") })
            let step = try #require(try log("\(folder)/run").last?["step"] as? Int)
            #expect(try names(in: "\(folder)/run").contains("checkpoint-\(step)"))
        }
    }

    @Test(arguments: [2, 3]) func picturesAreSharedAndCountedOnce(count: Int) throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder, ["--train", "1", "--test", "5"])
            let evaluate = [
                "evaluate", "--dataset", "scenes", "--threads", "1", "--model", tinyModel, "--size", "32", "-q",
            ]
            let segment = [
                "segment", "scenes/test/easy/images", "--threads", "1", "--model", tinyModel, "--size", "32", "--json",
                "-q", "--write", "soft,mask,coco,yolo,labelstudio,cvat",
            ]
            try "no picture".write(
                toFile: "\(folder)/scenes/bad.txt", atomically: true, encoding: .utf8)
            try FileManager.default.moveItem(
                atPath: "\(folder)/scenes/bad.txt", toPath: "\(folder)/scenes/test/easy/images/0.jpg")
            let one = try Program.run(segment + ["--output", "one"], in: folder)
            #expect(one.exitCode == 1)
            let results = try SeveralProcesses(count, segment + ["--output", "all"], in: folder).results()
            #expect(results[0].exitCode == 1 && results[0].errors == one.errors)
            #expect(results.dropFirst().allSatisfy { $0.exitCode == 0 && $0.output + $0.errors == "" })
            func lines(_ text: String) -> [String] {
                text.split(separator: "\n").map { String($0.replacing(#/"seconds":{[^}]*}/#, with: "")) }
            }
            #expect(lines(results[0].output) == lines(one.output.replacing("\"one/", with: "\"all/")))
            #expect(try files(in: "\(folder)/all") == files(in: "\(folder)/one"))
            try FileManager.default.removeItem(atPath: "\(folder)/scenes/test/easy/images/0.jpg")

            #expect(try Program.run(evaluate + ["--output", "alone"], in: folder).exitCode == 0)
            let together = try SeveralProcesses(count, evaluate + ["--output", "together"], in: folder).results()
            #expect(together.allSatisfy { $0.exitCode == 0 }, "\(together.map(\.errors))")
            #expect(try files(in: "\(folder)/together") == files(in: "\(folder)/alone"))
        }
    }

    /// The hashes of all files by name.
    private func files(in folder: String) throws -> [String: String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { !isFolder("\(folder)/\($0)") }
        return try Dictionary(uniqueKeysWithValues: names.map { ($0, try SHA256.digest(ofFile: "\(folder)/\($0)")) })
    }

    @Test func whatIsForOneProcessRefusesSeveral() throws {
        try withTemporaryFolder { folder in
            for (arguments, expected) in [
                (
                    ["lr-find", "--base-model-path", "x", "--dataset-path", "y"],
                    "lr-find runs in one process, and torchrun"
                ),
                (["segment", "--output", "-", "a.jpg"], "are for one process"),
            ] {
                for result in try SeveralProcesses(2, arguments, in: folder).results() {
                    #expect(result.exitCode == 64 && result.errors.contains(expected), "\(result.errors)")
                }
            }
        }
    }

    private static let torchrun = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../.venv/bin/torchrun").standardized.path

    /// Setups of earlier versions lack what torchrun needs besides torch.
    private static var isTorchrunThere: Bool {
        let packages = URL(fileURLWithPath: torchrun).appendingPathComponent("../../lib").standardized.path
        return FileManager.default.isExecutableFile(atPath: torchrun)
            && (try? FileManager.default.contentsOfDirectory(atPath: packages))?.contains {
                FileManager.default.fileExists(atPath: "\(packages)/\($0)/site-packages/typing_extensions.py")
            } == true
    }

    /// torchrun starts all anew when one was killed, and the run goes on from its checkpoint.
    @Test(.enabled(if: isTorchrunThere))
    func torchrunStartsAgain() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder, ["--train", "5"])
            let options = [
                "--trainable", "lora", "--train-batch-size", "1", "--max-train-steps", "40", "--save-checkpoint-steps",
                "5",
            ]
            let whole = try SeveralProcesses(2, train(options + ["--output-dir", "whole"]), in: folder).results()
            #expect(whole.map(\.exitCode) == [0, 0])
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Self.torchrun)
            process.arguments =
                ["--standalone", "--no-python", "--nproc-per-node=2", "--max-restarts=2", Program.path]
                + train(options + ["--output-dir", "run"])
            process.currentDirectoryURL = URL(fileURLWithPath: folder)
            let errors = "\(folder)/.errors"
            try Data().write(to: URL(fileURLWithPath: errors))
            (process.standardOutput, process.standardError) = (
                FileHandle.nullDevice, FileHandle(forWritingAtPath: errors)
            )
            try process.run()
            while process.isRunning, !isFolder("\(folder)/run/checkpoint-5") { usleep(2000) }
            let children = try String(
                contentsOfFile: "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children",
                encoding: .utf8
            ).split(separator: " ").compactMap { Int32($0) }
            kill(try #require(children.last), SIGKILL)
            process.waitUntilExit()
            let text = try String(contentsOfFile: errors, encoding: .utf8)
            #expect(process.terminationStatus == 0 && text.contains("going on after update"), "\(text)")
            #expect(try files(in: "\(folder)/run/model") == files(in: "\(folder)/whole/model"))
        }
    }
}
