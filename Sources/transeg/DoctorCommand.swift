import ArgumentParser
import EmbeddedModel
import Foundation
import Images
import StableDiffusion3
import Torch

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
        let report = Report(model: model)
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

/// What `doctor` found.
private struct Report: Encodable {
    struct DeviceReport: Encodable {
        let name: String
        let freeGib: Double?
        let totalGib: Double?
    }

    struct ModelReport: Encodable {
        let name: String
        let path: String?
        let transformer: String?
        let problem: String?
    }

    let torch = TorchRuntime.loadedVersion ?? TorchRuntime.version
    let cpuCapability = TorchRuntime.cpuCapability
    let threads = TorchRuntime.threadCount
    let processors = ProcessInfo.processInfo.processorCount
    let devices: [DeviceReport]
    let cudaProblem = Device.cudaProblem
    let imageFormats = ImageReader.formats
    let models: [ModelReport]
    let problems: [String]

    init(model: String?) {
        devices = Self.devices()
        var models: [ModelReport] = []
        if let embedded = EmbeddedModel.folder {
            models.append(Self.look(embedded, as: "embedded"))
        } else {
            let problem = "the resource bundle of the embedded model is not beside the program"
            models.append(ModelReport(name: "embedded", path: nil, transformer: nil, problem: problem))
        }
        if let model { models.append(Self.look(model, as: model)) }
        self.models = models
        var problems = models.compactMap(\.problem)
        if torch != TorchRuntime.version {
            problems.append(
                "libctorch was compiled for torch \(TorchRuntime.version), but torch \(torch) is loaded; "
                    + "run Scripts/build-shim again")
        }
        self.problems = problems
    }

    private static func devices() -> [DeviceReport] {
        let bytes = 1.0 / Double(1 << 30)
        let cpu = DeviceReport(
            name: "cpu", freeGib: nil, totalGib: Double(ProcessInfo.processInfo.physicalMemory) * bytes)
        let accelerators = [Device.Kind.cuda, .mps].flatMap { kind in
            (0..<Device.count(of: kind)).map { index in
                let device = Device(kind, index: index)
                let memory = try? device.memory()
                return DeviceReport(
                    name: "\(kind.rawValue):\(index)", freeGib: memory.map { Double($0.free) * bytes },
                    totalGib: memory.map { Double($0.total) * bytes })
            }
        }
        return [cpu] + accelerators
    }

    /// Finds a model and loads its parts' headers, which shows missing files and wrong shapes.
    private static func look(_ name: String, as label: String) -> ModelReport {
        do {
            let folder = try ModelFolder(name)
            let form = try folder.transformerForm()
            try folder.check()
            return ModelReport(name: label, path: folder.path, transformer: "\(form)", problem: nil)
        } catch {
            return ModelReport(name: label, path: nil, transformer: nil, problem: "\(error)")
        }
    }

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
