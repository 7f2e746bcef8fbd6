import ArgumentParser
import Foundation

/// Where the settings of `train` come from: built-in < files, later ones first < `TRANSEG_…` environment < flags.
struct TrainingLayers {
    /// A value with where it is from.
    struct Value: Equatable {
        let text: String
        let origin: String
    }

    /// By name; settings that nobody gave and that have no value are missing.
    private(set) var values: [String: Value] = [:]
    private(set) var notes: [String] = []

    /// Reads all layers of a command line.
    ///
    /// Throws `ValidationError` with everything that is wrong in files and environment; flags are checked when they are parsed.
    init(_ arguments: [String], environment: [String: String]) throws {
        for setting in TrainingSetting.all {
            if let standard = setting.standard { values[setting.name] = Value(text: standard, origin: "built-in") }
        }
        var problems: [String] = []
        for path in Self.values(of: "--config", in: arguments) {
            let file = TrainingConfigFile(path)
            problems += file.problems
            notes += file.notes
            for (name, value) in file.values {
                values[name] = value.text.map { Value(text: $0, origin: "\(path):\(value.line)") }
            }
        }
        for setting in TrainingSetting.all {
            guard let text = environment[setting.environmentName] else { continue }
            if let problem = setting.problem(with: text) { problems.append("\(setting.environmentName): \(problem)") }
            values[setting.name] = Value(text: text, origin: "environment")
        }
        problems += Self.misspelt(environment)
        guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\n")) }
        for setting in TrainingSetting.all {
            if let text = Self.values(of: setting.flag, in: arguments).last {
                values[setting.name] = Value(text: text, origin: setting.flag)
            }
        }
    }

    /// Environment variables that are nearly those of a setting.
    private static func misspelt(_ environment: [String: String]) -> [String] {
        let names = Set(TrainingSetting.all.map(\.environmentName))
        return environment.keys.sorted().compactMap { key in
            guard key.hasPrefix("TRANSEG_"), !names.contains(key), key != "TRANSEG_TORCH" else { return nil }
            let name = String(key.dropFirst("TRANSEG_".count)).lowercased()
            return nearestSetting(to: name).map {
                "\(key): there is no such setting; did you mean TRANSEG_\($0.uppercased())?"
            }
        }
    }

    private static func values(of flag: String, in arguments: [String]) -> [String] {
        arguments.indices.compactMap { index in
            if arguments[index].hasPrefix(flag + "=") { return String(arguments[index].dropFirst(flag.count + 1)) }
            return arguments[index] == flag && index + 1 < arguments.count ? arguments[index + 1] : nil
        }
    }

    /// The command line with files and environment turned into flags. Settings with a value of their own are left to it.
    static func expanded(_ arguments: [String], environment: [String: String]) throws -> [String] {
        guard let command = arguments.first, ["train", "lr-find"].contains(command), !arguments.contains("--help"),
            !arguments.contains("-h")
        else {
            return arguments
        }
        let layers = try TrainingLayers(arguments, environment: environment)
        for note in layers.notes where !arguments.contains("-q") && !arguments.contains("--quiet") {
            StandardStream.tell("Note: \(note)\n")
        }
        let given = TrainingSetting.all.flatMap { setting -> [String] in
            guard let value = layers.values[setting.name], value.origin != "built-in", value.origin != setting.flag,
                command == "train" || !TrainingSetting.ofRunsAlone.contains(setting.name)
            else {
                return []
            }
            return ["\(setting.flag)=\(value.text)"]
        }
        return [command] + given + arguments.dropFirst()
    }

    /// A line for each setting: its name, value and origin.
    func text() -> String {
        let width = (TrainingSetting.all.map(\.name.count).max() ?? 0) + 2
        let valueWidth = max(8, (values.values.map(\.text.count).max() ?? 0) + 2)
        return TrainingSetting.all.map { setting in
            let value = values[setting.name]
            return setting.name.padding(toLength: width, withPad: " ", startingAt: 0)
                + (value?.text ?? "-").padding(toLength: valueWidth, withPad: " ", startingAt: 0)
                + (value?.origin ?? "not given")
        }.joined(separator: "\n")
    }
}
