import Foundation

/// Settings with where each is from: options override environment variables, which override files; later files override earlier ones.
package struct LayeredSettings: Sendable {
    /// Where a value is from.
    package enum Origin: Sendable, Equatable, CustomStringConvertible {
        case builtIn
        case file(String, line: Int)
        case environment
        case option(String)

        package var description: String {
            switch self {
            case .builtIn: "built-in"
            case .file(let path, let line): "\(path):\(line)"
            case .environment: "environment"
            case .option(let flag): flag
            }
        }
    }

    package private(set) var settings = TrainingSettings()
    /// By name; those that are missing are built in.
    package private(set) var origins: [String: Origin] = [:]
    /// What a file has that changes nothing.
    package private(set) var notes: [String] = []

    /// - Parameters:
    ///   - files: Paths of YAML files.
    ///   - environment: All variables of the process.
    ///   - options: By the settings' names.
    /// - Throws: ``TrainingError/settings(_:)`` with everything that is wrong in them.
    package init(files: [String] = [], environment: [String: String] = [:], options: [String: String] = [:]) throws {
        var problems: [String] = []
        for path in files {
            let file = SettingsFile(path)
            problems += file.problems
            notes += file.notes
            // A file's problems are told by the file.
            for (name, value) in file.values { _ = take(value.text, as: name, from: .file(path, line: value.line)) }
        }
        for setting in SettingsTable.all {
            let names = [setting.formerEnvironmentName, setting.environmentName].compactMap(\.self)
            for name in names {
                guard let text = environment[name] else { continue }
                if let problem = take(text, as: setting.name, from: .environment) {
                    problems.append("\(name): \(problem)")
                }
            }
        }
        problems += Self.misspelt(environment)
        for setting in SettingsTable.all {
            guard let text = options[setting.name] else { continue }
            if let problem = take(text, as: setting.name, from: .option(setting.flag)) { problems.append(problem) }
        }
        if problems.isEmpty { problems = settings.problems().map(text(of:)) }
        guard problems.isEmpty else { throw TrainingError.settings(problems) }
    }

    /// - Parameter text: nil to take back what an earlier layer gave.
    private mutating func take(_ text: String?, as name: String, from origin: Origin) -> String? {
        guard let setting = SettingsTable.named(name) else { return nil }
        guard let text else {
            setting.reset(&settings)
            origins[name] = nil
            return nil
        }
        if let problem = setting.set(text, &settings) { return problem }
        origins[name] = origin
        return nil
    }

    private func text(of problem: TrainingSettings.Problem) -> String {
        switch origins[problem.setting] ?? .builtIn {
        case .option: problem.text
        case let origin: "\(problem.text) (\(origin))"
        }
    }

    /// Environment variables that are nearly those of a setting.
    private static func misspelt(_ environment: [String: String]) -> [String] {
        let names = Set(
            SettingsTable.all.flatMap { [$0.environmentName, $0.formerEnvironmentName].compactMap(\.self) })
        return environment.keys.sorted().compactMap { key in
            guard key.hasPrefix("TRANSEG_"), !names.contains(key), key != "TRANSEG_TORCH" else { return nil }
            let name = String(key.dropFirst("TRANSEG_".count)).lowercased()
            return nearest(to: name, among: SettingsTable.all.map(\.name)).map {
                "\(key): there is no such setting; did you mean TRANSEG_\($0.uppercased())?"
            }
        }
    }

    /// The settings, where everything that a job needs is given.
    ///
    /// - Parameter job: What the job takes of the table.
    /// - Throws: ``TrainingError/settings(_:)`` with what is missing and how it is given.
    package func complete(for job: [Setting]) throws -> TrainingSettings {
        let missing = job.filter { $0.isRequired && $0.text(settings) == nil }.map {
            "\($0.name) is not given: use \($0.flag), \($0.environmentName) or a file"
        }
        guard missing.isEmpty else { throw TrainingError.settings(missing) }
        return settings
    }

    /// A line for each setting: its name, the value that a run takes, and where that is from.
    package func text() -> String {
        let rows = SettingsTable.all.map { setting in
            let value = setting.text(settings)
            return (
                setting.name, value ?? "-", (origins[setting.name] ?? .builtIn).description,
                value == nil ? setting.absence ?? "needed, and not given" : nil
            )
        }
        let width = (rows.map(\.0.count).max() ?? 0) + 2
        let valueWidth = (rows.map(\.1.count).max() ?? 0) + 2
        return rows.map { name, value, origin, absence in
            name.padding(toLength: width, withPad: " ", startingAt: 0)
                + value.padding(toLength: valueWidth, withPad: " ", startingAt: 0)
                + (absence ?? origin)
        }.joined(separator: "\n")
    }
}
