import Foundation
import Testing
import TransparencySegmentation

@testable import TransparencyTraining

/// Options override environment variables, which override files; later files override earlier ones.
@Suite struct LayeredSettingsTests {
    @Test func eachLayerOverridesTheOneBelow() async throws {
        try await withFolder { folder in
            let (a, b) = ("\(folder)/a.yaml", "\(folder)/b.yaml")
            try "training:\n  seed: 1\n  epochs: 2\n  num_vals_train: 3\nlr: 1e-6\n".write(
                toFile: a, atomically: true, encoding: .utf8)
            try "seed: 4\nepochs: 5\nlr: null\n".write(toFile: b, atomically: true, encoding: .utf8)
            let layers = try LayeredSettings(
                files: [a, b], environment: ["TRANSEG_SEED": "6", "TRANSEG_EPOCHS": "7", "HOME": "x"],
                options: ["seed": "8"])
            let settings = layers.settings
            #expect(settings.training.seed == 8 && layers.origins["seed"] == .option("--seed"))
            #expect(settings.training.epochs == 7 && layers.origins["epochs"] == .environment)
            #expect(settings.training.numValsTrain == 3 && layers.origins["num_vals_train"] == .file(a, line: 4))
            // null takes back what an earlier file gave, and the run takes the built-in value.
            #expect(settings.learningRateScheduler.lr == TrainingSettings().learningRateScheduler.lr)
            #expect(layers.origins["lr"] == nil)
        }
    }

    /// What earlier versions called a setting is read everywhere, and shown by its name.
    @Test func formerNamesAreRead() async throws {
        try await withFolder { folder in
            let path = "\(folder)/a.yaml"
            try "compute:\n  recompute: false\noutput_form: {default: negated}\n".write(
                toFile: path, atomically: true, encoding: .utf8)
            let layers = try LayeredSettings(files: [path])
            #expect(!layers.settings.compute.gradientCheckpointing)
            #expect(layers.settings.model.predictionType == .negated)
            #expect(layers.origins["prediction_type"] == .file(path, line: 3))
            #expect(!layers.text().contains("output_form"))
            let above = try LayeredSettings(files: [path], environment: ["TRANSEG_OUTPUT_FORM": "residual"])
            #expect(above.settings.model.predictionType == .residual)
            let both = ["TRANSEG_RECOMPUTE": "false", "TRANSEG_GRADIENT_CHECKPOINTING": "true"]
            #expect(try LayeredSettings(files: [path], environment: both).settings.compute.gradientCheckpointing)
            #expect(
                try !LayeredSettings(environment: ["TRANSEG_RECOMPUTE": "false"]).settings.compute.gradientCheckpointing
            )
        }
        let kept = Data(#"{"output_form": "residual", "target": "colour"}"#.utf8)
        let settings = try JSONDecoder().decode(TrainingSettings.self, from: kept)
        #expect(settings.model.predictionType == .residual && settings.model.target == .color)
        // Where both names are there, the present one counts.
        for (text, expected) in [
            (#"{"target": "colour", "output_form": "negated"}"#, PredictionType.negated),
            (#"{"target": "color", "output_form": "negated", "prediction_type": "direct"}"#, .direct),
        ] {
            let usage = try JSONDecoder().decode(SegmentationConfiguration.self, from: Data(text.utf8))
            #expect(usage == SegmentationConfiguration(target: .color, predictionType: expected))
        }
    }

    @Test func filesAreReadAsEditorsSaveThem() async throws {
        try await withFolder { folder in
            let text = "epochs: 7\n"
            for (name, data) in [
                ("notepad", Data([0xEF, 0xBB, 0xBF]) + Data(text.utf8)),
                ("powershell", Data([0xFF, 0xFE]) + (text.data(using: .utf16LittleEndian) ?? Data())),
            ] {
                let path = "\(folder)/\(name).yaml"
                try data.write(to: URL(fileURLWithPath: path))
                #expect(try LayeredSettings(files: [path]).settings.training.epochs == 7, "\(name)")
            }
            try Data([0xC3, 0x28]).write(to: URL(fileURLWithPath: "\(folder)/latin"))
            for (path, reason) in [("nosuch", "there is no file"), ("", "is a folder"), ("latin", "no text in UTF-8")] {
                #expect {
                    try LayeredSettings(files: ["\(folder)/\(path)"])
                } throws: { "\($0)".contains(reason) }
            }
        }
    }

    /// Numbers of any size are taken or refused, and what is taken can be computed with.
    @Test(arguments: SettingsTable.all.filter { $0.typeName == "integer" && $0.name != "seed" }.map(\.name))
    func numbersHaveBounds(name: String) throws {
        var largest: Int?
        for value in [
            Int.min, -1, 0, 1, 1024, 4096, 65_536, 1_000_000, 1_000_000_000, 1 << 31, 1 << 32, 1 << 53, Int.max,
        ] {
            guard let layers = try? LayeredSettings(options: [name: "\(value)"]) else { continue }
            largest = value
            let training = layers.settings.training
            #expect(training.totalSteps(pictureCount: 10_000_000) > 0 && training.effectiveBatchSize > 0)
            _ = layers.settings.schedule(pictureCount: 10_000_000)
        }
        #expect(try #require(largest) <= 1_000_000_000)
    }

    /// `--print-config` shows what the run takes.
    @Test func whatIsShownIsWhatTheRunTakes() async throws {
        try await withFolder { folder in
            let path = "\(folder)/a.yaml"
            try "epochs: null\nmax_train_steps: null\n".write(toFile: path, atomically: true, encoding: .utf8)
            let layers = try LayeredSettings(files: [path])
            let line = try #require(layers.text().split(separator: "\n").first { $0.hasPrefix("epochs ") })
            let parts = line.split(separator: " ").map(String.init)
            #expect(parts == ["epochs", "\(layers.settings.training.epochs)", "built-in"])
            #expect(layers.settings.training.totalSteps(pictureCount: 8) == 43)
        }
    }

    @Test func everythingWrongIsToldAtOnce() {
        #expect {
            try LayeredSettings(
                environment: ["TRANSEG_LRR": "1", "TRANSEG_SEED": "x"], options: ["epochs": "many"])
        } throws: { error in
            guard case TrainingError.settings(let problems) = error else { return false }
            return problems == [
                "TRANSEG_SEED: seed is x; a whole number from 0 on was expected",
                "TRANSEG_LRR: there is no such setting; did you mean TRANSEG_LR?",
                "epochs is many; a whole number was expected",
            ]
        }
    }

    @Test func whatIsNeededIsNamed() throws {
        let layers = try LayeredSettings(options: ["base_model_path": "m"])
        #expect { try layers.complete(for: SettingsTable.ofUpdates) } throws: {
            "\($0)" == "dataset_path is not given: use --dataset-path, TRANSEG_DATASET_PATH or a file"
        }
        let whole = try LayeredSettings(options: ["base_model_path": "m", "dataset_path": "d"])
        #expect(try whole.complete(for: SettingsTable.ofUpdates).dataset.datasetPath == "d")
    }

    /// What is written where a value or a name is wanted, and what is said of it; nil where it is read.
    @Test(arguments: [
        ("epochs: 1_000", "epochs is 1_000; a whole number was expected, in plain digits such as 1000"),
        ("epochs: 010", "epochs is 010; a whole number was expected, in plain digits"),
        ("epochs: 0x10", "in plain digits"), ("epochs: 5.0", "in plain digits"), ("epochs: \"\"", "epochs is empty"),
        ("max_train_steps: None", "max_train_steps is None; a whole number was expected"),
        ("lr: 1,5", "lr is 1,5; a number was expected"), ("lr: .inf", "lr is .inf"), ("lr: [1, 2]", "has a list"),
        ("lr: \"1e-6\"", nil), ("lr: .5", nil), ("epochs: ' 5 '", nil), ("augment: Off", nil), ("augment: y", "is y"),
        ("output_dir: \"\"", "output_dir is empty; a text was expected"),
        ("output_dir: ' x'", "output_dir is \" x\"; a text without blanks at its ends"),
        ("output_dir: \"a\\tb\"", "control characters"), ("output_dir: |\n  abc\n", nil),
        ("output_dir: $HOME/x", "variables are not replaced here"), ("plan: ${ROOT}/x", "variables are not replaced"),
        ("output_dir: a b$c", nil), ("output_dir: !env HOME", "has the tag !env"), ("seed: !!int 5", nil),
        ("seed: 1\nseed: 2", "1:1: seed is given twice"), ("seed: 1\ntraining:\n  seed: 2", "first in line 1"),
        ("seed: &a 1\nepochs: *a", nil), ("seed: *a", "not YAML: found undefined alias"),
        ("training: &t\n  seed: 1\nmodel:\n  <<: *t", "4:3: << is not followed"),
        ("\tseed: 1", "1:1: YAML is indented by spaces"), ("training:\n\tseed: 1", "2:1: YAML is indented by spaces"),
        ("seed: 1\n---\nseed: 2", "2:1: a second document begins here"), ("---\nseed: 1\n...", nil),
        ("seed: 1\r\nepocs: 2\r\n", "2:1: there is no setting or group epocs; did you mean epochs?"),
        ("x: 1", "there is no setting or group x\n"), ("[a]: 1", "the name of a setting or group was expected"),
        ("SEED: 1", "did you mean seed?"), ("format_version: '1'", nil), ("format_version: [1]", "a list or mapping"),
        ("{\"seed\": 5}", nil), ("s\u{0}e", "is no text in UTF-8"), ("- seed: 1", "names and values were expected"),
    ])
    func oddFilesAreReadOrExplained(text: String, problem: String?) async throws {
        try await withFolder { folder in
            let path = "\(folder)/a.yaml"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            guard let problem else {
                _ = try LayeredSettings(files: [path])
                return
            }
            #expect {
                try LayeredSettings(files: [path])
            } throws: { error in
                if !"\(error)\n".contains(problem) { Issue.record("\(error)") }
                return "\(error)\n".contains(problem)
            }
        }
    }

    @Test func linesTooLongForACaretAreNotShown() async throws {
        try await withFolder { folder in
            let path = "\(folder)/a.yaml"
            try "a: \(String(repeating: "[", count: 5000))\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect {
                try LayeredSettings(files: [path])
            } throws: {
                "\($0)".count < 400
            }
        }
    }

    @Test func aFileOfALaterFormatIsRefused() async throws {
        try await withFolder { folder in
            let path = "\(folder)/a.yaml"
            try "format_version: 99\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect { try LayeredSettings(files: [path]) } throws: { "\($0)".contains("format_version is 99") }
        }
    }
}
