import ArgumentParser

/// `transeg dataset`: looking at a data set before something is trained or measured on it.
struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset",
        abstract: "Checks a data set, and shows what training makes of it.",
        subcommands: [DatasetAuditCommand.self, DatasetReviewCommand.self, DatasetPreviewCommand.self])
}
