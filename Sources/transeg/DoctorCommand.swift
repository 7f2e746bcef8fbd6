import ArgumentParser
import Foundation
import Torch
import TransparencySegmentation

/// `transeg doctor`: what this machine has.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Reports libtorch, devices, memory, threads, picture formats and whether a model is found.",
        discussion: "Exits with 1 when something that segment needs is missing.")

    @Option(help: ArgumentHelp("A model to look for besides the embedded one.", valueName: "folder|id"))
    var model: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let report = MachineReport(model: model)
        if json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            report.printTable()
        }
        if !report.problems.isEmpty { throw ExitCode(1) }
    }
}

extension MachineReport {
    func printTable() {
        func row(_ name: String, _ value: String) {
            print(name.padding(toLength: 16, withPad: " ", startingAt: 0) + value)
        }
        row("libtorch", "\(torch) (CPU kernels: \(cpuCapability))")
        row("threads", "\(threads) of \(processors) processors")
        for device in devices {
            let total = device.totalGib.map { String(format: "%.1f GiB", $0) } ?? "memory unknown"
            let free = device.freeGib.map { String(format: ", %.1f free", $0) } ?? ""
            row("device", "\(device.name) (\(total)\(free))")
        }
        if let cudaProblem { row("cuda", "not usable: \(cudaProblem)") }
        row("picture formats", imageFormats.joined(separator: ", "))
        if torch != TorchRuntime.version { row("problem", problems.last ?? "") }
        for model in models {
            row("model", "\(model.name): " + (model.problem ?? "\(model.path ?? "") (\(model.transformer ?? ""))"))
        }
    }
}
