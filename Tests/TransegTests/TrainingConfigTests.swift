import Foundation
import TestSupport
import Testing

/// Settings of `train` from files, the environment and flags.
@Suite struct TrainingConfigTests {
    private func write(_ text: String, _ name: String, in folder: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }

    /// The table of `--print-config` by names: value and origin.
    private func printed(
        _ arguments: [String], in folder: String, environment: [String: String] = [:]
    ) throws -> [String: [String]] {
        let result = try Program.run(
            ["train", "--print-config"] + arguments, in: folder, environment: environment)
        #expect(result.exitCode == 0, "\(result.errors)")
        return Dictionary(
            uniqueKeysWithValues: result.output.split(separator: "\n").map { line in
                let parts = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
                return (parts[0], Array(parts.dropFirst()))
            })
    }

    private let needed = ["--base-model-path", "m", "--dataset-path", "d", "--output-dir", "o"]

    @Test func eachLayerComesBeforeTheOneBelow() throws {
        try withTemporaryFolder { folder in
            try write(
                "learning_rate_scheduler:\n  lr: 3e-6\n  lr_cycles: 2\ntraining:\n  epochs: 5\n", "a.yaml", in: folder)
            try write("lr_cycles: 4\nepochs: null\nshuffle: False\n", "b.yaml", in: folder)
            let table = try printed(
                needed + ["--config", "a.yaml", "--config=b.yaml", "--seed", "9"], in: folder,
                environment: ["TRANSEG_LR": "1e-5", "TRANSEG_SEED": "8"])
            #expect(table["lr"] == ["1e-5", "environment"])
            #expect(table["lr_cycles"] == ["4", "b.yaml:1"])
            #expect(table["shuffle"] == ["false", "b.yaml:3"])
            #expect(table["seed"] == ["9", "--seed"])
            #expect(table["adam_epsilon"] == ["1e-15", "built-in"])
            // null takes back what an earlier file gave: the run takes the built-in value.
            #expect(table["epochs"] == ["43", "built-in"])
            #expect(table["max_train_steps"]?.joined(separator: " ") == "- as many as epochs asks for")
        }
    }

    @Test func theOriginalsFormIsRead() throws {
        try withTemporaryFolder { folder in
            try write(
                """
                learning_rate_scheduler:
                  lr:
                    default: 2.5e-5
                    type: float
                    help: the rate
                noise:
                  logit_mean:
                    default: 0.0
                    type: float
                """, "c.yaml", in: folder)
            #expect(try printed(needed + ["--config", "c.yaml"], in: folder)["lr"] == ["2.5e-5", "c.yaml:3"])
            let result = try Program.run(["train", "--print-config", "--config", "c.yaml"] + needed, in: folder)
            #expect(result.errors.contains("c.yaml:7: logit_mean changes nothing here"))
        }
    }

    @Test func everythingThatIsWrongIsSaidAtOnce() throws {
        try withTemporaryFolder { folder in
            try write(
                """
                training:
                  epocs: 4
                  epochs: many
                  train_batch_size: [1, 2]
                  lr: 1e-6
                  lr: 2e-6
                trainig:
                  epochs: 2
                shuffle: maybe
                """, "bad.yaml", in: folder)
            try write(
                "training:\n  epocs: 4\n  epochs: many\n  train_batch_size: [1, 2]\ntrainig:\n  epochs: 2\nshuffle: maybe\n",
                "bad2.yaml", in: folder)
            let result = try Program.run(
                ["train", "--config", "bad2.yaml"] + needed, in: folder,
                environment: ["TRANSEG_LRR": "1", "TRANSEG_SEED": "x"])
            #expect(result.exitCode == 64)
            for text in [
                "bad2.yaml:2:3: there is no setting epocs; did you mean epochs?", "    epocs: 4\n      ^",
                "bad2.yaml:3:11: epochs is many; a whole number was expected", "train_batch_size has a list",
                "there is no setting or group trainig", "shuffle is maybe; true or false was expected",
                "TRANSEG_SEED: seed is x", "TRANSEG_LRR: there is no such setting; did you mean TRANSEG_LR?",
            ] {
                #expect(result.errors.contains(text), "\(text) is not in \(result.errors)")
            }
            let twice = try Program.run(["train", "--config", "bad.yaml"] + needed, in: folder)
            #expect(twice.exitCode == 64 && twice.errors.contains("is given twice"))
            let missing = try Program.run(["train", "--config", "no.yaml"] + needed, in: folder)
            #expect(missing.exitCode == 64 && missing.errors.contains("there is no file no.yaml"))
        }
    }

    @Test func theFileToBeginWithHasEverySettingAtItsValue() throws {
        try withTemporaryFolder { folder in
            let made = try Program.run(["config", "init", "c.yaml"], in: folder)
            #expect(made.exitCode == 0 && made.output == "c.yaml\n")
            #expect(try Program.run(["config", "init", "c.yaml"], in: folder).errors.contains("c.yaml exists"))
            let (built, read) = (
                try printed(needed, in: folder), try printed(needed + ["--config", "c.yaml"], in: folder)
            )
            // The same value of each setting, whether it is built in or the file has it.
            #expect(built.count == read.count && built.count > 40)
            for (name, row) in built where row.last == "built-in" {
                #expect(row.first == read[name]?.first, "\(name)")
                #expect(read[name]?.last?.hasPrefix("c.yaml:") == true, "\(name): \(read[name] ?? [])")
            }

            // Every setting is an option, and help has its value.
            let help = try Program.run(["help", "train"], in: folder).output
            let words = help.split { $0.isWhitespace }.joined(separator: " ")
            for (name, row) in built {
                let parts = words.components(separatedBy: "--" + name.replacing("_", with: "-") + " ")
                #expect(parts.count >= 2, "\(name)")
                guard row.last == "built-in", let value = row.first else { continue }
                let own = parts.dropFirst().map { $0.components(separatedBy: " --").first ?? "" }
                #expect(own.contains { $0.contains("(default: \(value))") }, "\(name) is \(value): \(own)")
            }
        }
    }
}
