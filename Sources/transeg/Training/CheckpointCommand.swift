import ArgumentParser
import TransparencyTraining

/// `transeg checkpoint`: what a training run has saved.
struct CheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Shows, checks and exports the checkpoints of train.",
        subcommands: [CheckpointInspectCommand.self, CheckpointVerifyCommand.self, ExportCommand.self])
}

/// `transeg checkpoint inspect`.
struct CheckpointInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Prints a checkpoint's update, settings, files, and the run's best validation; reads no weights.")

    @Argument(help: ArgumentHelp("A checkpoint of train.", valueName: "checkpoint"), completion: .directory)
    var checkpoint: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let summary = try CheckpointSummary(TrainingCheckpoint(checkpoint))
        try print(json ? summary.json() : summary.text)
    }
}

/// `transeg checkpoint verify`.
struct CheckpointVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks that each file of a checkpoint is as it was written, by its SHA-256.")

    @Argument(help: ArgumentHelp("A checkpoint of train.", valueName: "checkpoint"), completion: .directory)
    var checkpoint: String

    func run() throws {
        let found = try TrainingCheckpoint(checkpoint)
        try found.verify()
        try print("\(found.path) is whole: \(CheckpointSummary(found).content)")
    }
}
