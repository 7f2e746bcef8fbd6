import ArgumentParser
import Files
import Foundation
import Limits
import Torch
import TransparencyTraining

/// With `train --dry-run`: the machine that a setting is looked for.
struct PlannerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "With --dry-run, plan for so many processes, each with a device; train_batch_size and gradient_accumulation_steps are of each.",
            valueName: "count"))
    var processes: Int?

    @Option(help: ArgumentHelp("With --processes, how many of them a host has. (default: up to 8)", valueName: "count"))
    var processesPerHost: Int?

    @Option(
        help: ArgumentHelp(
            "With --dry-run, find the quickest sharding, offload, recomputation and batch for devices with so much memory, such as 24GiB; "
                + "they need not be here. Files are considered with --offload-to FOLDER.", valueName: "size"),
        transform: size("--device-memory"))
    var deviceMemory: MemorySize?

    @Option(
        help: ArgumentHelp("The same, for so much memory a host. (default: this machine's)", valueName: "size"),
        transform: size("--host-memory"))
    var hostMemory: MemorySize?

    @Flag(help: "Print what --dry-run finds as one JSON object.")
    var json = false

    private static func size(_ name: String) -> @Sendable (String) throws -> MemorySize {
        { text in
            guard let size = MemorySize(text) else {
                throw ValidationError("\(name) is '\(text)'; \(MemorySize.expectation) was expected")
            }
            return size
        }
    }

    func validate() throws {
        for (name, value) in [("--processes", processes), ("--processes-per-host", processesPerHost)] {
            guard let value, !(1...65_536).contains(value) else { continue }
            throw ValidationError("\(name) is \(value); a number from 1 to 65536 was expected")
        }
        if let processesPerHost, processesPerHost > processes ?? 1 {
            throw ValidationError(
                "--processes-per-host is \(processesPerHost); a number up to --processes, which is \(processes ?? 1), was expected"
            )
        }
    }

    /// What was given that only `--dry-run` heeds; nil for nothing.
    var given: String? {
        let options: [(String, Bool)] = [
            ("--processes", processes != nil), ("--processes-per-host", processesPerHost != nil),
            ("--device-memory", deviceMemory != nil), ("--host-memory", hostMemory != nil), ("--json", json),
        ]
        return options.first { $0.1 }?.0
    }

    /// As given, else as the launcher says.
    func layout(_ launch: LaunchEnvironment?) -> TrainingLayout {
        guard processes == nil, let launch else {
            return TrainingLayout(processes: processes ?? 1, processesPerHost: processesPerHost)
        }
        return TrainingLayout(processes: launch.worldSize, processesPerHost: launch.localWorldSize)
    }

    /// The device of the plan: an accelerator where its memory is given.
    func device(_ settings: TrainingSettings) throws -> Device {
        guard deviceMemory != nil else { return try settings.compute.device ?? .usable(nil) }
        let device = settings.compute.device ?? .cuda
        guard device.kind != .cpu else {
            throw ValidationError("--device-memory is of accelerators; the CPU's memory is that of --host-memory")
        }
        return device
    }

    /// What to look for a setting for; nil where nobody asked for one.
    func budget(_ settings: TrainingSettings, _ layout: TrainingLayout, speed: Double?) throws -> MachineBudget? {
        guard deviceMemory != nil || hostMemory != nil else { return nil }
        let device = try device(settings)
        var rates =
            device.kind == .cpu ? .processor : MachineRates.accelerator(isHalf: settings.model.dataType != .fp32)
        rates.arithmetic = speed ?? rates.arithmetic
        var deviceBytes: Int?
        if device.kind != .cpu {
            deviceBytes = try deviceMemory?.bytes ?? device.memory().total
        }
        return MachineBudget(
            layout: layout, deviceBytes: deviceBytes, hostBytes: hostMemory?.bytes ?? MachineMemory.total,
            diskBytes: settings.compute.offloadTo == "host" ? nil : freeBytes(at: settings.compute.offloadTo),
            rates: rates)
    }
}
