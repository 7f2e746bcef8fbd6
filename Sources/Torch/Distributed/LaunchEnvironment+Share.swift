import Foundation

/// What a process takes of a machine that it shares with others of its launch.
extension LaunchEnvironment {
    /// Processors for each process of this machine, one at least.
    package var processorShare: Int { share(of: ProcessInfo.processInfo.activeProcessorCount) }

    /// Threads to compute with; nil to leave it to libtorch.
    ///
    /// torchrun sets `OMP_NUM_THREADS` to 1 where nobody set it, which leaves most of a machine idle: 1 is taken as not said. Another number is the
    /// user's.
    package func threadCount(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Int? {
        guard localWorldSize > 1 else { return nil }
        if let text = environment["OMP_NUM_THREADS"], text != "1" { return nil }
        return share(of: Self.coreCount)
    }

    private func share(of count: Int) -> Int {
        // srun and mpirun give each process processors of its own.
        let isBound =
            launcher != .torchrun
            && ProcessInfo.processInfo.activeProcessorCount * localWorldSize <= ProcessInfo.processInfo.processorCount
        return isBound ? count : max(1, count / localWorldSize)
    }

    /// Physical cores that this process may use.
    private static var coreCount: Int {
        let processors = ProcessInfo.processInfo.activeProcessorCount
        let threading = try? String(contentsOfFile: "/sys/devices/system/cpu/smt/active", encoding: .utf8)
        return threading?.hasPrefix("1") == true ? max(1, processors / 2) : processors
    }
}

extension Ranks {
    /// Joins the processes that a launcher started together; one that was started alone is alone.
    ///
    /// - Parameters:
    ///   - device: Where the tensors of this process are.
    ///   - timeout: How long one waits for the others.
    /// - Throws: ``TorchError`` of kind `collective`.
    package init(
        joining launch: LaunchEnvironment?, device: Device = .cpu, timeout: Duration = ProcessGroup.defaultTimeout
    ) throws {
        guard let launch, launch.worldSize > 1 else {
            self.init()
            return
        }
        self.init(try ProcessGroup(launch, device: device, timeout: timeout), launch: launch)
    }
}
