import ArgumentParser
import Foundation
import TransparencySegmentation

/// `transeg doctor`: what this machine has.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Reports libtorch, devices, memory, threads, picture formats and whether a model is found.",
        discussion: "Exits with 1 when something that segment needs is missing.")

    @Option(
        help: ArgumentHelp("A model to look for besides the embedded one.", valueName: "folder|id"),
        completion: .directory)
    var model: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let report = MachineReport(model: model)
        if json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            try print(report.text)
        }
        if !report.problems.isEmpty { throw ExitCode(1) }
    }
}
