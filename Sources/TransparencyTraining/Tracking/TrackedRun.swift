import TensorBoard
import TransparencySegmentation
import Wandb

/// What trackers know of a run when it begins.
struct TrackedRun {
    let settings: TrainingSettings
    /// The updates before; nil for a run that is new in its folder.
    let step: Int?
    /// Of an update.
    let pictures: Int
    /// Tells people.
    let tell: (String) -> Void

    var folder: String { settings.projectConfig.outputDir }

    init(_ settings: TrainingSettings, step: Int?, tell: @escaping (String) -> Void) {
        (self.settings, self.step, self.tell) = (settings, step, tell)
        pictures = settings.training.effectiveBatchSize
    }

    private enum Value {
        case number(Double)
        case bool(Bool)
        case text(String)
    }

    /// By what the table says of it; nil for none.
    private func value(of setting: Setting) -> Value? {
        guard let text = setting.text(settings) else { return nil }
        if setting.typeName == Bool.typeName, let bool = Bool(settingText: text) { return .bool(bool) }
        if [Int.typeName, Double.typeName].contains(setting.typeName), let number = Double(text) {
            return .number(number)
        }
        return .text(text)
    }

    /// The recipe, and the pictures of an update that follow from it.
    var hyperParameters: [(name: String, value: HyperParameters.Value)] {
        SettingsTable.recipe.compactMap { setting in
            switch value(of: setting) {
            case .number(let number): (setting.name, .number(number))
            case .bool(let bool): (setting.name, .bool(bool))
            case .text(let text): (setting.name, .text(text))
            case nil: nil
            }
        } + [("pictures_per_update", .number(Double(pictures)))]
    }

    /// All settings.
    var config: [String: WandbRun.ConfigValue] {
        var config: [String: WandbRun.ConfigValue] = ["pictures_per_update": .number(Double(pictures))]
        for setting in SettingsTable.all {
            config[setting.name] =
                switch value(of: setting) {
                case .number(let number): .number(number)
                case .bool(let bool): .bool(bool)
                case .text(let text): .text(text)
                case nil: .null
                }
        }
        return config
    }

    /// All settings as a table in Markdown.
    var markdown: String {
        let rows = SettingsTable.all.map { setting in
            let value = setting.text(settings) ?? setting.absence ?? ""
            return "| \(setting.name) | \(value.replacing("|", with: "\\|")) |"
        }
        return (["| setting | value |", "| --- | --- |"] + rows).joined(separator: "\n")
    }
}
