import Foundation
import TestSupport
import Testing

/// `train --tracker` as its users run it, with a package that stands in for W&B's.
@Suite struct TrackingTests {
    private static let python = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("WandbTests/Fixtures/python").path

    private func run(
        _ arguments: [String] = [], output: String = "run", in folder: String, environment: [String: String] = [:]
    ) throws -> ProgramResult {
        if !FileManager.default.fileExists(atPath: "\(folder)/scenes") {
            let result = try Program.run(
                ["synthesize", "scenes", "--train", "7", "--validation", "3", "--size", "64", "--seed", "4", "-q"],
                in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
        }
        return try Program.run(
            [
                "train", "-q", "--base-model-path", tinyModel, "--dataset-path", "scenes", "--output-dir", output,
                "--data-type", "fp32", "--resolution", "32", "--train-batch-size", "2", "--max-train-steps", "6",
                "--lr", "1e-3", "--scale-lr", "false", "--lr-warmup-steps", "2", "--save-checkpoint-steps", "3",
                "--val-steps", "2", "--num-vals-train", "2",
            ] + arguments, in: folder,
            environment: [
                "PYTHONPATH": Self.python, "PYTHONDONTWRITEBYTECODE": "1", "FAKE_WANDB": "\(folder)/wandb.notes",
            ].merging(environment) { $1 })
    }

    private func weights(_ run: String) -> Data? {
        FileManager.default.contents(atPath: "\(run)/checkpoint-6/transformer/diffusion_pytorch_model.safetensors")
    }

    private func column(_ name: String, of path: String) throws -> [String] {
        let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let index = try #require(rows.first?.firstIndex(of: name))
        return rows.dropFirst().map { $0[index] }
    }

    private func notes(_ folder: String) throws -> [[String: Any]] {
        try String(contentsOfFile: "\(folder)/wandb.notes", encoding: .utf8).split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
    }

    /// And the weights do not depend on who is told; not even when W&B's helper dies in the middle.
    @Test func aRunThatGoesOnIsTrackedOnce() throws {
        try withTemporaryFolder { folder in
            let all = ["--tracker", "tensorboard,csv,wandb"]
            let plain = try run(output: "plain", in: folder)
            #expect(plain.exitCode == 0, "\(plain.errors)")
            let first = try run(all, in: folder, environment: ["FAKE_WANDB_FAULT": "dies"])
            #expect(first.exitCode == 0)
            #expect(first.errorLines.count == 1)
            #expect(
                first.errors.hasPrefix(
                    "Warning: the helper process of wandb ended (signal 9, the last words); the run goes on without it")
            )
            #expect(weights("\(folder)/run") != nil && weights("\(folder)/run") == weights("\(folder)/plain"))

            let second = try run(all + ["--resume-from-checkpoint", "checkpoint-3"], in: folder)
            #expect(second.exitCode == 0 && second.errors.isEmpty, "\(second.errors)")
            #expect(weights("\(folder)/run") == weights("\(folder)/plain"))
            #expect(try column("step", of: "\(folder)/run/updates.csv") == (1...6).map(String.init))
            #expect(try column("step", of: "\(folder)/run/validations.csv") == ["2", "4", "6"])
            #expect(try column("loss", of: "\(folder)/run/updates.csv").allSatisfy { (Double($0) ?? 0) > 0 })

            let events = try names(in: "\(folder)/run").filter { $0.hasPrefix("events.out.tfevents.") }
            #expect(events.count == 3 && events.last?.hasSuffix(".ending") == true)

            let notes = try notes(folder)
            let begun = notes.compactMap { $0["init"] as? [String: String] }
            #expect(begun.map { $0["id"] } == [nil, "fresh"] && begun[0]["name"] == "run")
            let logs = notes.compactMap { $0["log"] as? [String: Any] }
            #expect(
                logs.compactMap { $0["train/loss"] == nil ? nil : $0["step"] as? String } == ["1", "2", "4", "5", "6"])
            let pictures = logs.compactMap { $0["val/pictures"] as? [String] }
            #expect(pictures.count == 2 && pictures.allSatisfy { $0.count == 2 })
            #expect(notes.last?["finish"] as? Int == 0)
        }
    }

    @Test func whatIsMissingIsToldBeforeTheFirstUpdate() throws {
        try withTemporaryFolder { folder in
            let result = try run(
                ["--tracker", "wandb"], in: folder, environment: ["PYTHONPATH": "", "PATH": "/nowhere"])
            #expect(result.exitCode == 1)
            #expect(result.errors.contains("the tracker wandb needs python3, which was not found"))
            let refused = try run(
                ["--tracker", "wandb,csv"], in: folder,
                environment: ["FAKE_WANDB_FAULT": "refuses", "WANDB_API_KEY": "secret"])
            #expect(refused.exitCode == 1 && !refused.errors.contains("secret"))
            #expect(refused.errors.contains("wandb did not begin the run: the key *** is wrong"))
            // The folder is as free as before.
            let offline = try run(["--tracker", "wandb,csv"], in: folder, environment: ["WANDB_MODE": "disabled"])
            #expect(offline.exitCode == 0 && offline.errors.isEmpty, "\(offline.errors)")
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/run/wandb.json"))
        }
    }

    @Test func othersFilesStay() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/run", withIntermediateDirectories: true)
            try Data("mine\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/run/updates.csv"))
            let result = try run(["--tracker", "csv"], in: folder)
            #expect(result.exitCode == 1 && result.errors.contains("run/updates.csv is no table"))
            #expect(FileManager.default.contents(atPath: "\(folder)/run/updates.csv") == Data("mine\n".utf8))
            let unknown = try run(["--tracker", "csv,mlflow"], in: folder)
            #expect(
                unknown.exitCode == 64
                    && unknown.errors.contains(
                        "tracker is csv,mlflow; none, or some of tensorboard, wandb, csv with commas between was expected"
                    ))
        }
    }
}
