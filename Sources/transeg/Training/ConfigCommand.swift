import ArgumentParser
import Files
import Foundation

/// `transeg config`: the settings of `train` as a file.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Writes a commented file of all settings of train.",
        subcommands: [ConfigInitCommand.self])
}

/// `transeg config init`: a file to begin with.
struct ConfigInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a file with every setting, its value and what it means.")

    @Argument(
        help: ArgumentHelp("The file to make, which must not exist yet; standard output without it.", valueName: "file")
    )
    var file: String?

    func run() throws {
        let text = Self.template()
        guard let file else { return try StandardStream.output.write(text.utf8) }
        guard !FileManager.default.fileExists(atPath: file) else {
            throw ValidationError("\(file) exists, and nothing is overwritten; name another file.")
        }
        try AtomicFile.write(Array(text.utf8), to: file)
        print(file)
    }

    /// All settings by their groups, in YAML.
    static func template() -> String {
        var groups: [String] = []
        for setting in TrainingSetting.all where !groups.contains(setting.group) { groups.append(setting.group) }
        let bodies = groups.map { group in
            let settings = TrainingSetting.all.filter { $0.group == group }.map { setting in
                let choices =
                    if case .choice(let choices) = setting.kind { " (\(choices.joined(separator: ", ")))" } else { "" }
                return "  # \(setting.help)\(choices)\n  \(setting.name): \(setting.standard ?? "null")\n"
            }
            return "\(group):\n" + settings.joined()
        }
        return
            "# transeg train --config FILE; flags and TRANSEG_<NAME> in the environment come before what is here.\n\n"
            + bodies.joined(separator: "\n")
    }
}
