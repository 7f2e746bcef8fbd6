import Foundation
import Synchronization
import Torch

extension Ranks {
    /// Kept to the end of the process: letting go of a group waits for all its collectives, perhaps with a process that is gone.
    private static let held = Mutex<[Ranks]>([])

    /// The processes that a launcher started of one command: torchrun, srun or mpirun.
    ///
    /// - Parameters:
    ///   - device: Where this process computes.
    ///   - timeout: How long one waits for the others.
    static func joined(
        _ launch: LaunchEnvironment?, device: Device = .cpu, timeout: Duration = ProcessGroup.defaultTimeout
    ) async throws -> Ranks {
        let ranks = try await ComputeActor.run { try Ranks(joining: launch, device: device, timeout: timeout) }
        held.withLock { $0.append(ranks) }
        return ranks
    }

    /// Ends one of several processes.
    static func leave(with code: Int32) {
        guard held.withLock({ $0.contains { $0.size > 1 } }) else { return }
        _exit(code)
    }
}
