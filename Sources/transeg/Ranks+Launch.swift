import Torch

extension Ranks {
    /// The processes that a launcher started of one command: torchrun, srun or mpirun.
    static func joined() async throws -> Ranks {
        try await ComputeActor.run { try Ranks(joining: LaunchEnvironment.detect()) }
    }
}
