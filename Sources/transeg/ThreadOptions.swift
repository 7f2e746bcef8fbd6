import ArgumentParser
import Foundation
import Limits
import Torch

/// How many threads of the CPU a command takes.
struct ThreadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("CPU threads to use. (default: one for each core)", valueName: "count"))
    var threads: Int?

    /// For work that libtorch has no part in.
    var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func validate() throws { try check("threads", threads ?? 1, NumberBounds.threads) }

    /// Gives them to libtorch, which would take one for each physical core.
    @ComputeActor func apply(launch: LaunchEnvironment? = nil) throws {
        if let threads = threads ?? launch?.threadCount() { try TorchRuntime.setThreadCount(threads) }
    }
}

/// An option's number must lie in a range. Throws `ValidationError`.
func check<Number: Comparable>(_ option: String, _ value: Number, _ range: ClosedRange<Number>) throws {
    if let problem = NumberBounds.problem("--\(option)", value, range) { throw ValidationError(problem) }
}
