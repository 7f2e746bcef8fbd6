import ArgumentParser
import EmbeddedModel
import Foundation
import StableDiffusion3

/// `transeg models`: what is on this machine.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Lists the models on this machine: the embedded one and those in Hugging Face's cache.",
        discussion: """
            Looks at files and their headers, not at weights. A model that cannot be used is listed with the reason. `transeg pull` \
            fetches more; a folder of your own needs no listing, --model takes it.
            """)

    @Flag(help: "Print one JSON array.")
    var json = false

    func run() throws {
        let embedded = EmbeddedModel.folder.map { ModelEntry($0, label: "(embedded)") }
        let entries = (embedded.map { [$0] } ?? []) + ModelEntry.cached()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try print(String(decoding: encoder.encode(entries), as: UTF8.self))
        }
        for entry in entries {
            let size = String(format: "%.2f GB", Double(entry.bytes) / 1e9)
            let facts =
                entry.problem.map { "cannot be used: \($0)" }
                ?? "\(entry.transformer ?? ""), \(String(format: "%.3g", Double(entry.parameters ?? 0) / 1e6)) million weights"
                + entry.heads.map { ", \($0)" }.joined()
            try print("\(entry.name)  \(size)  \(facts)")
        }
        if entries.count == (embedded == nil ? 0 : 1) { try print("no other model is in \(ModelEntry.cacheFolder())") }
    }
}

/// `transeg pull`: the user's own `hf download`.
struct PullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetches a model into Hugging Face's cache, by your own `hf download`.",
        discussion: """
            Shows the command and asks before it runs. transeg itself connects to nothing. `hf` comes with Python's package huggingface_hub.

              transeg pull stabilityai/stable-diffusion-3.5-medium
            """)

    @Argument(help: ArgumentHelp("The model's Hugging Face id.", valueName: "id"))
    var id: String

    @Option(help: ArgumentHelp("Branch, tag or commit.", valueName: "revision"))
    var revision = "main"

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func run() throws {
        let download = try ModelDownload(id, revision: revision)
        StandardStream.tell("this runs: \(download.text)")
        if let license = download.license { StandardStream.tell("Note: \(license)") }
        guard let program = Self.find(download.command[0]) else {
            throw ValidationError("there is no program hf; install it with: pip install huggingface_hub")
        }
        guard yes || Self.agrees() else {
            StandardStream.tell("nothing was fetched")
            throw ExitCode(1)
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = Array(download.command.dropFirst())
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ExitCode(process.terminationStatus) }
        let entry = ModelEntry(id)
        if let problem = entry.problem { throw ModelError.notFound(problem) }
        try print("\(id) is here; use it with --model \(id)")
    }

    private static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Asks on the terminal; whoever cannot be asked does not agree.
    private static func agrees() -> Bool {
        guard isatty(STDIN_FILENO) == 1 else {
            StandardStream.tell("standard input is no terminal to ask on; give --yes to go on")
            return false
        }
        StandardStream.tell("go on? [y/N]")
        return ["y", "yes"].contains(readLine()?.lowercased())
    }
}
