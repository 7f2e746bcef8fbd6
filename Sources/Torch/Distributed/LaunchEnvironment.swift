import Foundation

/// What a launcher told this process of the processes that it started together: torchrun, else SLURM's srun, else mpirun.
package struct LaunchEnvironment: Sendable, Equatable {
    package enum Launcher: String, Sendable, Encodable {
        case torchrun, slurm, mpi
    }

    package let launcher: Launcher
    /// This process's number among all, from 0.
    package let rank: Int
    /// How many processes there are.
    package let worldSize: Int
    /// This process's number among those of its host.
    package let localRank: Int
    /// How many processes there are on this host.
    package let localWorldSize: Int
    /// Where the processes find each other.
    package let masterAddress: String
    package let masterPort: Int
    /// The same for all processes of one launch, and another for each launch.
    package let runID: String
    /// How many times the launcher started all processes anew.
    package let restartCount: Int
    /// Whether torchrun itself serves the address; otherwise rank 0 does.
    package let agentServesStore: Bool

    /// What the environment says; nil where no launcher started this process, or started it alone.
    ///
    /// torchrun is taken even for one process, as it is asked for by name.
    /// Throws ``LaunchError`` when a launcher's variables are incomplete or contradict each other.
    package static func detect(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> LaunchEnvironment? {
        let variables = LaunchVariables(environment)
        return try torchrun(variables) ?? slurm(variables) ?? mpi(variables)
    }

    /// The start of every key in the store: keys of an attempt before, or of one with other processes, are others.
    package var storePrefix: String { "transeg/\(runID)/\(restartCount)/\(worldSize)" }

    /// The device of this process: of several of a kind, the one of its place on the host.
    package func device(_ device: Device) -> Device {
        guard device.kind == .cuda, device.index == 0 else { return device }
        return Device(.cuda, index: localRank % max(1, Device.count(of: .cuda)))
    }

    private init(
        _ launcher: Launcher, rank: Int, worldSize: Int, localRank: Int, localWorldSize: Int,
        masterAddress: String, masterPort: Int, runID: String, restartCount: Int, agentServesStore: Bool = false
    ) throws {
        self.launcher = launcher
        self.rank = rank
        self.worldSize = worldSize
        self.localRank = localRank
        self.localWorldSize = localWorldSize
        self.masterAddress = masterAddress
        self.masterPort = masterPort
        self.runID = runID
        self.restartCount = restartCount
        self.agentServesStore = agentServesStore
        guard worldSize > 0, 0..<worldSize ~= rank, localWorldSize > 0, 0..<localWorldSize ~= localRank else {
            throw LaunchError(
                "\(launcher.rawValue) says that this is rank \(rank) of \(worldSize), and \(localRank) of "
                    + "\(localWorldSize) on its host; ranks must be from 0 to one less than their number")
        }
        guard 1...65535 ~= masterPort else {
            throw LaunchError("MASTER_PORT is \(masterPort); a port is from 1 to 65535")
        }
    }

    private static func torchrun(_ variables: LaunchVariables) throws -> LaunchEnvironment? {
        guard variables["RANK"] != nil, variables["WORLD_SIZE"] != nil else { return nil }
        let worldSize = try variables.number("WORLD_SIZE")
        return try LaunchEnvironment(
            .torchrun, rank: variables.number("RANK"), worldSize: worldSize,
            localRank: variables.number("LOCAL_RANK", default: variables.number("RANK")),
            localWorldSize: variables.number("LOCAL_WORLD_SIZE", default: worldSize),
            masterAddress: variables.text("MASTER_ADDR"), masterPort: variables.number("MASTER_PORT"),
            runID: variables["TORCHELASTIC_RUN_ID"] ?? "none",
            restartCount: variables.number("TORCHELASTIC_RESTART_COUNT", default: 0),
            agentServesStore: variables["TORCHELASTIC_USE_AGENT_STORE"] == "True")
    }

    private static func slurm(_ variables: LaunchVariables) throws -> LaunchEnvironment? {
        // In a batch script or a shell that no srun started there is a job, and no step of several tasks.
        guard variables["SLURM_PROCID"] != nil, variables["SLURM_STEP_NUM_TASKS"] != nil else { return nil }
        let worldSize = try variables.number("SLURM_STEP_NUM_TASKS")
        guard worldSize > 1 else { return nil }
        let (job, step) = (try variables.number("SLURM_JOB_ID"), try variables.number("SLURM_STEP_ID", default: 0))
        let node = try variables.number("SLURM_NODEID", default: 0)
        let counts = try SlurmLists.counts(
            variables["SLURM_STEP_TASKS_PER_NODE"] ?? variables["SLURM_TASKS_PER_NODE"] ?? "\(worldSize)")
        guard counts.indices.contains(node) else {
            throw LaunchError("SLURM_NODEID is \(node), but SLURM_STEP_TASKS_PER_NODE tells of \(counts.count) nodes")
        }
        let hosts = variables["SLURM_STEP_NODELIST"] ?? variables["SLURM_NODELIST"] ?? "127.0.0.1"
        return try LaunchEnvironment(
            .slurm, rank: variables.number("SLURM_PROCID"), worldSize: worldSize,
            localRank: variables.number("SLURM_LOCALID"), localWorldSize: counts[node],
            masterAddress: variables["MASTER_ADDR"] ?? SlurmLists.firstHost(hosts),
            masterPort: variables.number("MASTER_PORT", default: 15000 + (job + step) % 10000),
            runID: "\(job).\(step)", restartCount: variables.number("SLURM_RESTART_COUNT", default: 0))
    }

    /// Open MPI's names, then those of MPICH and Intel's, then MVAPICH's.
    private static func mpi(_ variables: LaunchVariables) throws -> LaunchEnvironment? {
        let families = [
            (
                "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                "OMPI_COMM_WORLD_LOCAL_SIZE"
            ),
            ("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"),
            ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_SIZE"),
        ]
        guard let (rank, size, localRank, localSize) = families.first(where: { variables[$0.0] != nil }) else {
            return nil
        }
        let worldSize = try variables.number(size)
        guard worldSize > 1 else { return nil }
        let localWorldSize = try variables.number(localSize, default: worldSize)
        guard localWorldSize == worldSize || variables["MASTER_ADDR"] != nil else {
            throw LaunchError(
                "mpirun started processes on several hosts and does not say where rank 0 is; set MASTER_ADDR to its host, "
                    + "such as mpirun -x MASTER_ADDR=node1")
        }
        return try LaunchEnvironment(
            .mpi, rank: variables.number(rank), worldSize: worldSize,
            localRank: variables.number(localRank, default: variables.number(rank)), localWorldSize: localWorldSize,
            masterAddress: variables["MASTER_ADDR"] ?? "127.0.0.1",
            masterPort: variables.number("MASTER_PORT", default: 29500),
            runID: variables["OMPI_MCA_ess_base_jobid"] ?? "none", restartCount: 0)
    }
}
