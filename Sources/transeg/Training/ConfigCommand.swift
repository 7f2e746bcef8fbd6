import ArgumentParser
import Files
import Foundation
import TransparencyTraining

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
        help: ArgumentHelp(
            "The file to make, which must not exist yet. (default: standard output)", valueName: "file.yaml"),
        completion: .file(extensions: ["yaml", "yml"]))
    var file: String?

    func run() throws {
        let text = SettingsTable.template()
        guard let file else { return try StandardStream.output.write(text.utf8) }
        guard !FileManager.default.fileExists(atPath: file) else {
            throw ValidationError("\(file) exists, and nothing is overwritten; name another file")
        }
        try AtomicFile.write(Array(text.utf8), to: file)
        try print(file)
    }
}
