import ArgumentParser
import Foundation
import TransparencyTraining

/// Which settings a command takes as options.
protocol SettingScope: Sendable {
    static var settings: [Setting] { get }
}

/// All of them.
enum AllSettings: SettingScope {
    static let settings = SettingsTable.all
}

/// Those of single updates.
enum UpdateSettings: SettingScope {
    static let settings = SettingsTable.ofUpdates
}

/// The settings of training as options, made from ``SettingsTable``, with files and the environment below them.
///
/// The parser finds options by reflection; this type's mirror shows it one for each row of the table.
struct SettingOptions<Scope: SettingScope>: ParsableArguments, CustomReflectable {
    private var options: [String: String] = [:]
    private var files: [String] = []
    private static var filesKey: String { "config" }

    init() {}

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        files = try container.decode(Option<[String]>.self, forKey: Key(Self.filesKey)).wrappedValue
        for setting in Scope.settings {
            let names = [setting.formerName, setting.name].compactMap(\.self)
            if let separator = setting.separator {
                let texts = try container.decode(Option<[String]>.self, forKey: Key(setting.name)).wrappedValue
                if !texts.isEmpty { options[setting.name] = texts.joined(separator: separator) }
                continue
            }
            for name in names {
                let text = try container.decode(Option<String?>.self, forKey: Key(name)).wrappedValue
                options[setting.name] = text ?? options[setting.name]
            }
        }
    }

    private static func completion(of setting: Setting) -> CompletionKind? {
        if !setting.choices.isEmpty { return .list(setting.choices) }
        return switch setting.valueName {
        case "folder", "folder|id", "host|folder", "name|latest": .directory
        case "plan.json": .file(extensions: ["json"])
        case "device": .list(DeviceChoice.allValueStrings)
        default: nil
        }
    }

    var customMirror: Mirror {
        let files = Option<[String]>(
            wrappedValue: [], name: .customLong(Self.filesKey),
            help: ArgumentHelp(
                "A YAML file of settings, as config init makes it. Of several, later ones override earlier ones.",
                valueName: "file.yaml"),
            completion: .file(extensions: ["yaml", "yml"]))
        let built = TrainingSettings()
        let rows = Scope.settings.map { setting -> (label: String?, value: Any) in
            let standard = setting.isRequired ? nil : setting.text(built) ?? setting.absence
            let choices = setting.choices.isEmpty ? "" : " (values: \(setting.choices.joined(separator: ", ")))"
            let help = setting.help.prefix(1).uppercased() + setting.help.dropFirst()
            let text = ArgumentHelp(
                "\(help).\(choices)\(standard.map { " (default: \($0))" } ?? "")", valueName: setting.valueName)
            let (name, completion) = (NameSpecification.customLong(setting.option), Self.completion(of: setting))
            let option: Any =
                setting.separator == nil
                ? Option<String?>(name: name, help: text, completion: completion)
                : Option<[String]>(wrappedValue: [], name: name, help: text, completion: completion)
            return (label: "_" + setting.name, value: option)
        }
        // What earlier versions called a setting is taken, and not shown.
        let former = Scope.settings.compactMap { setting -> (label: String?, value: Any)? in
            guard let name = setting.formerName, let option = setting.formerOption else { return nil }
            return (label: "_" + name, value: Option<String?>(name: .customLong(option), help: .hidden))
        }
        return Mirror(self, children: [(label: "_" + Self.filesKey, value: files)] + rows + former)
    }

    /// The settings with where each is from. Throws ``TrainingError/settings(_:)`` with everything that is wrong.
    func layers() throws -> LayeredSettings {
        try LayeredSettings(files: files, environment: ProcessInfo.processInfo.environment, options: options)
    }

    /// The settings of a job that is about to begin.
    ///
    /// - Parameter quiet: Whether nothing is told of what changes nothing.
    func settings(quiet: Bool) throws -> TrainingSettings {
        let layers = try layers()
        if !quiet { for note in layers.notes { StandardStream.tell("Note: \(note)") } }
        return try layers.complete(for: Scope.settings)
    }
}

extension TrainingSettings {
    /// What a job reads, which nothing is written over.
    var inputs: [String] { dataset.paths + [model.baseModelPath, dataset.plan].compactMap(\.self) }
}
