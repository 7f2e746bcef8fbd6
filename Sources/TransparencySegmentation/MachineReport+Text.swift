import Foundation
import Torch

extension MachineReport {
    /// The report for a terminal.
    package var text: String {
        var rows = [
            ("libtorch", "\(torch) (CPU kernels: \(cpuCapability))"),
            ("threads", "\(threads) of \(processors) processors"),
        ]
        rows += devices.map { device in
            let total = device.totalGib.map { String(format: "%.1f GiB", $0) } ?? "memory unknown"
            let free = device.freeGib.map { String(format: ", %.1f free", $0) } ?? ""
            return ("device", "\(device.name) (\(total)\(free))")
        }
        if let cudaProblem { rows.append(("cuda", "not usable: \(cudaProblem)")) }
        rows.append(("processes", launch.text))
        rows.append(("picture formats", imageFormats.joined(separator: ", ")))
        if torch != TorchRuntime.version { rows.append(("problem", problems.last ?? "")) }
        rows += models.map { model in
            ("model", "\(model.name): " + (model.problem ?? "\(model.path ?? "") (\(model.transformer ?? ""))"))
        }
        return rows.map { $0.0.padding(toLength: 16, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
    }
}

extension MachineReport.LaunchReport {
    fileprivate var text: String {
        let nccl = ncclProblem.map { "no NCCL between CUDA devices: \($0)" } ?? "NCCL between CUDA devices"
        let backends = "Gloo between hosts' memories, \(nccl)"
        if let problem { return "\(problem); \(backends)" }
        guard let rank, let worldSize, let launcher, let address else { return "no launcher; \(backends)" }
        return "rank \(rank) of \(worldSize) by \(launcher), at \(address); \(backends)"
    }
}
