import ArgumentParser
import Foundation
import Torch

/// How many threads of the CPU a command takes.
struct ThreadOptions: ParsableArguments {
    @Option(help: "CPU threads to use. (default: one for each core)")
    var threads: Int?

    /// For work that libtorch has no part in.
    var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); a number from 1 to 1024 was expected")
        }
    }

    /// Gives them to libtorch, which would take one for each physical core.
    @ComputeActor func apply() throws {
        if let threads { try TorchRuntime.setThreadCount(threads) }
    }
}
