import Foundation
import Torch

/// How many processes train together, and how they lie on hosts.
public struct TrainingLayout: Equatable, Sendable {
    /// Processes in all, each with a device.
    public let processes: Int
    /// Processes of one host.
    public let processesPerHost: Int

    /// - Parameter processesPerHost: nil for all of them, up to the eight devices of a usual machine.
    public init(processes: Int = 1, processesPerHost: Int? = nil) {
        self.processes = max(1, processes)
        self.processesPerHost = min(self.processes, max(1, processesPerHost ?? 8))
    }

    public var hosts: Int { (processes + processesPerHost - 1) / processesPerHost }

    /// So many of `count` numbers as one process has of those that are shared.
    func share(of count: Int) -> Int { (count + processes - 1) / processes }

    /// The share of a buffer that a process sends in a reduce-scatter or an all-gather.
    var wireShare: Double { Double(processes - 1) / Double(processes) }
}
