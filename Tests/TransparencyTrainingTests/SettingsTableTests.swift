import Foundation
import Testing
import Torch
import TransparencySegmentation

@testable import TransparencyTraining

/// What users write: names, kinds, defaults and help of all settings.
@Suite struct SettingsTableTests {
    /// Names in files, in the environment and as options are promises. A change of the surface is a change of `settings.txt`.
    @Test func theSurfaceIsFrozen() throws {
        let built = TrainingSettings()
        let lines = SettingsTable.all.map { setting in
            let kind = setting.choices.isEmpty ? setting.typeName : setting.choices.joined(separator: "|")
            let standard = setting.isRequired ? "needed" : setting.text(built) ?? "none: \(setting.absence ?? "")"
            return [
                "\(setting.group.rawValue).\(setting.name)", setting.role.rawValue, setting.environmentName,
                setting.flag, "<\(setting.valueName)>", kind, standard, setting.help,
            ].joined(separator: " ; ")
        }
        let frozen = try String(contentsOfFile: "\(fixtures)/settings.txt", encoding: .utf8)
        let found = lines.joined(separator: "\n") + "\n"
        let foundPath = FileManager.default.temporaryDirectory.appendingPathComponent("settings.txt").path
        if frozen != found { try found.write(toFile: foundPath, atomically: true, encoding: .utf8) }
        #expect(found == frozen, "what was found is in \(foundPath)")
    }

    @Test func namesAreThereOnce() {
        #expect(Set(SettingsTable.all.map(\.name)).count == SettingsTable.all.count)
    }

    /// What is shown is read again as the same value.
    @Test func textIsReadAgain() throws {
        for setting in SettingsTable.all {
            var settings = TrainingSettings()
            guard let text = setting.text(settings), !text.isEmpty else { continue }
            #expect(setting.set(text, &settings) == nil, "\(setting.name)")
            #expect(settings == TrainingSettings(), "\(setting.name)")
        }
    }

    /// Each row sets a value of its own.
    @Test func rowsSetDifferentValues() {
        let texts = [
            "7", "0.25", "false", "fp16", "lora", "hard", "color", "negated", "mode", "cpu", "full", "all",
            "csv", "readout", "true", "dice", "x",
        ]
        for setting in SettingsTable.all {
            var settings = TrainingSettings()
            let before = setting.text(settings)
            let taken = texts.first { text in
                setting.set(text, &settings) == nil && setting.text(settings) != before
            }
            #expect(taken != nil, "\(setting.name)")
            for other in SettingsTable.all where other.name != setting.name {
                #expect(
                    other.text(settings) == other.text(TrainingSettings()), "\(setting.name) changes \(other.name)")
            }
            setting.reset(&settings)
            #expect(settings == TrainingSettings(), "\(setting.name)")
        }
    }

    @Test func theTemplateGivesTheDefaults() throws {
        try withTemplate(SettingsTable.template()) { path in
            let layers = try LayeredSettings(files: [path])
            #expect(layers.settings == TrainingSettings())
        }
    }

    private func withTemplate(_ text: String, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml").path
        // Needed settings are null there until somebody gives them.
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test func aCheckpointsSettingsAreReadAgain() throws {
        var settings = TrainingSettings()
        (settings.model.trainable, settings.model.target) = (.lora, .color)
        (settings.training.emaDecay, settings.training.seed) = (0.5, 9)
        settings.learningRateScheduler.lr = 3e-5
        let data = try JSONEncoder().encode(settings)
        #expect(try JSONDecoder().decode(TrainingSettings.self, from: data) == settings)
    }

    /// A setting that an older checkpoint lacks has its default; one that nobody knows is refused by name.
    @Test func missingSettingsTakeTheirDefaults() throws {
        let read = try JSONDecoder().decode(TrainingSettings.self, from: Data(#"{"seed": 4}"#.utf8))
        var expected = TrainingSettings()
        expected.training.seed = 4
        #expect(read == expected)
        #expect { try JSONDecoder().decode(TrainingSettings.self, from: Data(#"{"sed": 4}"#.utf8)) } throws: {
            "\($0)".contains("there is no setting sed")
        }
    }

    @Test func colorIsReadInBothSpellings() {
        for text in ["color", "colour"] { #expect(MaskTarget(settingText: text)?.settingText == "color") }
    }

    @Test func problemsNameSettingAndValue() {
        var settings = TrainingSettings()
        (settings.learningRateScheduler.lr, settings.training.epochs) = (0, 0)
        (settings.training.maxTrainSteps, settings.learningRateScheduler.lrWarmupSteps) = (5, 5)
        let problems = settings.problems()
        #expect(Set(problems.map(\.setting)) == ["lr", "epochs", "lr_warmup_steps"])
        #expect(problems.contains { $0.text == "lr is 0; a number above 0, up to 1000, was expected" })
    }
}
