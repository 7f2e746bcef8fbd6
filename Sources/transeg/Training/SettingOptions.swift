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
            for name in names {
                let text = try container.decode(Option<String?>.self, forKey: Key(name)).wrappedValue
                options[setting.name] = text ?? options[setting.name]
            }
        }
    }

    var customMirror: Mirror {
        let files = Option<[String]>(
            wrappedValue: [], name: .customLong(Self.filesKey),
            help: ArgumentHelp("A YAML file of settings. Later files override earlier ones.", valueName: "file"))
        let built = TrainingSettings()
        let rows = Scope.settings.map { setting -> (label: String?, value: Any) in
            let standard = setting.isRequired ? nil : setting.text(built) ?? setting.absence
            let choices = setting.choices.isEmpty ? "" : " (values: \(setting.choices.joined(separator: ", ")))"
            let help = setting.help.prefix(1).uppercased() + setting.help.dropFirst()
            let option = Option<String?>(
                name: .customLong(setting.option),
                help: ArgumentHelp(
                    "\(help).\(choices)\(standard.map { " (default: \($0))" } ?? "")", valueName: setting.valueName),
                completion: setting.choices.isEmpty ? nil : .list(setting.choices))
            return (label: "_" + setting.name, value: option)
        }
        // What earlier versions called a setting is taken, and not shown.
        let former = Scope.settings.compactMap { setting -> (label: String?, value: Any)? in
            guard let name = setting.formerName, let option = setting.formerOption else { return nil }
            return (label: "_" + name, value: Option<String?>(name: .customLong(option), help: .hidden))
        }
        return Mirror(self, children: [(label: "_" + Self.filesKey, value: files)] + rows + former)
    }

    /// The settings with where each is from. Throws `ValidationError` with everything that is wrong.
    func layers() throws -> LayeredSettings {
        try usage {
            try LayeredSettings(
                files: files, environment: ProcessInfo.processInfo.environment, options: options)
        }
    }

    /// The settings of a job that is about to begin.
    ///
    /// - Parameter quiet: Whether nothing is told of what changes nothing.
    func settings(quiet: Bool) throws -> TrainingSettings {
        let layers = try layers()
        if !quiet { for note in layers.notes { StandardStream.tell("Note: \(note)\n") } }
        return try usage { try layers.complete(for: Scope.settings) }
    }
}

/// Settings that make no sense are errors of usage.
func usage<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch { throw usageError(error) }
}

/// The same error, as one of usage where settings make no sense.
func usageError(_ error: any Error) -> any Error {
    guard case TrainingError.settings(let problems) = error else { return error }
    return ValidationError(problems.joined(separator: "\n"))
}
