import Foundation

extension TrainingPlanner.Candidate {
    /// The settings that a planner chooses, by their names.
    package var choices: [(name: String, value: String)] {
        let names: Set = [
            "sharding", "offload", "offload_to", "gradient_checkpointing", "train_batch_size",
            "gradient_accumulation_steps",
        ]
        return SettingsTable.all.filter { names.contains($0.name) }.compactMap { setting in
            guard settings.compute.offload != .none || setting.name != "offload_to" else { return nil }
            return (setting.name, setting.text(settings) ?? "")
        }
    }

    /// As options of `train`.
    package var options: String {
        SettingsTable.all.compactMap { setting in
            choices.first { $0.name == setting.name }.map { "\(setting.flag) \($0.value)" }
        }.joined(separator: " ")
    }

    /// What is too small, and by how much; nil where all fits.
    package var reason: String? {
        let missing = [
            ("the device", lacking.device), ("the host", lacking.host), ("the folder", lacking.disk),
        ].filter { $0.1 > 0 }.map { "\($0.0) lacks \(gibibytes($0.1))" }
        return missing.isEmpty ? nil : missing.joined(separator: ", ")
    }
}

extension TrainingPlanner {
    /// What `--dry-run` prints below the plan: the choice, what it takes, and how the other shardings and offloads compare.
    package var text: String {
        ([head, choice].compactMap(\.self) + [table, assumptions]).joined(separator: "\n\n")
    }

    private var head: String {
        let layout = budget.layout
        let hosts = layout.hosts == 1 ? "one host" : "\(layout.hosts) hosts"
        let processes = layout.processes == 1 ? "one process" : "\(layout.processes) processes"
        let device = budget.deviceBytes.map { ", devices of \(gibibytes($0))" } ?? ", on the CPU"
        return "\(processes) on \(hosts) of \(gibibytes(budget.hostBytes))\(device)"
    }

    private var choice: String? {
        guard let best else { return nil }
        let time = best.time
        var lines = [("cheapest", best.options)]
        if let deviceBytes = budget.deviceBytes {
            lines.append(("a device", "\(gibibytes(best.memory.total)) of \(gibibytes(deviceBytes))"))
        }
        lines.append(("a host", "\(gibibytes(best.memory.bytesPerHost)) of \(gibibytes(budget.hostBytes))"))
        if best.memory.diskBytes > 0 {
            lines.append(("files of a host", gibibytes(best.memory.diskBytesPerHost)))
        }
        lines += best.traffic.lines
        lines.append(
            (
                "an update",
                String(
                    format:
                        "at least %.3g s: arithmetic %.3g, wire %.3g, link %.3g, files %.3g at once, then AdamW %.3g",
                    time.total, time.arithmetic, time.wire, time.link, time.disk, time.optimizer)
            ))
        return aligned(lines)
    }

    /// The best of each sharding and offload.
    private var table: String {
        var seen: Set<[String]> = []
        let rows = candidates.filter { candidate in
            let compute = candidate.settings.compute
            return seen.insert([compute.sharding.rawValue, compute.offload.rawValue, compute.offloadTo]).inserted
        }
        let head = [
            "sharding", "offload", "to", "recompute", "batch", "device", "host", "wire", "link", "files", "least s", "",
        ]
        let cells = rows.map { row -> [String] in
            let (compute, training) = (row.settings.compute, row.settings.training)
            func gigabytes(_ bytes: Double) -> String { bytes > 0 ? String(format: "%.1f", bytes / 1e9) : "-" }
            func gibi(_ bytes: Int) -> String { String(format: "%.1f", Double(bytes) / Double(1 << 30)) }
            return [
                compute.sharding.rawValue, compute.offload.rawValue,
                compute.offload == .none ? "-" : compute.offloadTo == "host" ? "host" : "files",
                compute.gradientCheckpointing ? "yes" : "no",
                "\(training.trainBatchSize) x \(training.gradientAccumulationSteps)",
                budget.deviceBytes == nil ? "-" : gibi(row.memory.total), gibi(row.memory.bytesPerHost),
                gigabytes(row.traffic.wireBytes), gigabytes(row.traffic.linkBytes), gigabytes(row.traffic.diskBytes),
                String(format: "%.3g", row.time.total), row.reason ?? "fits",
            ]
        }
        let widths = head.indices.map { column in ([head] + cells).map { $0[column].count }.max() ?? 0 }
        return ([head] + cells).map { row in
            zip(row, widths).map { $0.padding(toLength: $1 + 2, withPad: " ", startingAt: 0) }.joined()
                .replacing(#/ +$/#, with: "")
        }.joined(separator: "\n")
    }

    private var assumptions: String {
        let rates = budget.rates
        return String(
            format:
                "memory in GiB, traffic of a process and update in GB; %.3g TFLOP/s a %@, %.3g GB/s between processes, %.3g between hosts, %.3g between device and host, %.3g of files, %.3g and %.3g of the device's and the host's memory",
            rates.arithmetic / 1e12, budget.deviceBytes == nil ? "host" : "device", rates.wire / 1e9,
            rates.wireBetweenHosts / 1e9, rates.link / 1e9, rates.disk / 1e9, rates.deviceMemory / 1e9,
            rates.hostMemory / 1e9)
    }
}
