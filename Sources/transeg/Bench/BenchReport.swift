import Foundation
import Torch

/// Numbers of a benchmark: a row for each step of a pass.
struct BenchReport {
    /// A step, with a value for each counted pass.
    struct Step {
        let name: String
        let seconds: [Double]
        /// Floating-point operations of one pass; nil where they are not counted.
        let flops: Double?
    }

    let steps: [Step]
    let loadSeconds: Double
    let peakBytes: Int
    /// Floating-point operations a second of a large matrix product in the same dtype on the same device.
    let machinePeak: Double
    /// Further values of `--json`.
    var extra: [String: Double] = [:]

    /// One object with the names of the steps, and `load_s` and `peak_gib`.
    func json() throws -> Data {
        var values = extra
        values["load_s"] = loadSeconds
        values["peak_gib"] = Double(peakBytes) / Double(1 << 30)
        values["peak_tflops"] = machinePeak / 1e12
        for step in steps {
            values["\(step.name)_s"] = step.seconds.median
            values["\(step.name)_min_s"] = step.seconds.min()
            values["\(step.name)_max_s"] = step.seconds.max()
            if let flops = step.flops {
                values["\(step.name)_tflop"] = flops / 1e12
                values["\(step.name)_share_of_peak"] = flops / step.seconds.median / machinePeak
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(values) + Data("\n".utf8)
    }

    var text: String {
        let head = ["step", "median s", "min", "max", "TFLOP", "TFLOP/s", "of peak"]
        let rows = steps.map { step in
            let numbers = [step.seconds.median, step.seconds.min() ?? 0, step.seconds.max() ?? 0].map {
                String(format: "%.3f", $0)
            }
            let arithmetic = step.flops.map { flops in
                let speed = flops / step.seconds.median
                return [
                    String(format: "%.3f", flops / 1e12), String(format: "%.3f", speed / 1e12),
                    String(format: "%.0f %%", 100 * speed / machinePeak),
                ]
            }
            return [step.name] + numbers + (arithmetic ?? ["", "", ""])
        }
        let lines = ([head] + rows).map { row in
            row.enumerated().map { index, cell in
                index == 0
                    ? cell.padding(toLength: 14, withPad: " ", startingAt: 0)
                    : String(repeating: " ", count: max(1, 10 - cell.count)) + cell
            }.joined()
        }
        return
            (lines + [
                String(
                    format: "load %.2f s, peak memory %.2f GiB, the machine's matrix product %.3f TFLOP/s", loadSeconds,
                    Double(peakBytes) / Double(1 << 30), machinePeak / 1e12)
            ]).joined(separator: "\n")
    }

    /// The slowest operations of a profile.
    static func text(_ profile: OperationProfile) -> String {
        let entries = profile.entries
        let total = entries.map(\.seconds).reduce(0, +)
        return entries.prefix(20).map { entry in
            String(format: "%6.1f %%  %8.3f s  %6d  ", 100 * entry.seconds / total, entry.seconds, entry.count)
                + entry.name
        }.joined(separator: "\n")
    }

    /// What a square matrix product reaches, the best of several.
    static func machinePeak(dtype: DType, device: Device) throws -> Double {
        let side = device.kind == .cpu ? 2048 : 8192
        let a = try Tensor.randn([side, side], seed: 1, dtype: dtype, device: device)
        let clock = ContinuousClock()
        let best =
            try (0..<6).map { _ in
                let start = clock.now
                _ = try withFastKernels { try linear(a, weight: a) }
                try device.synchronize()
                return clock.now - start
            }.min() ?? .zero
        return 2 * pow(Double(side), 3) / (best / .seconds(1))
    }
}

extension [Double] {
    /// The middle one, or the mean of the two middle ones.
    var median: Double {
        let sorted = sorted()
        guard let last = sorted.last else { return .nan }
        let middle = count / 2
        return count % 2 == 1 ? sorted[middle] : count == 0 ? last : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
