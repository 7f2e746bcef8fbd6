import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct LaunchEnvironmentTests {
    @Test func nothingIsFoundWithoutALauncher() throws {
        #expect(try LaunchEnvironment.detect(["PATH": "/bin", "MASTER_ADDR": "a"]) == nil)
        // A shell in SLURM's job, and a batch script, are one process.
        #expect(try LaunchEnvironment.detect(["SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "4"]) == nil)
        #expect(try LaunchEnvironment.detect(["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"]) == nil)
    }

    @Test func torchrun() throws {
        let found = try #require(
            try LaunchEnvironment.detect([
                "RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "node1",
                "MASTER_PORT": "29400", "TORCHELASTIC_RUN_ID": "abc", "TORCHELASTIC_RESTART_COUNT": "2",
                "TORCHELASTIC_USE_AGENT_STORE": "True", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2",
            ]))
        #expect(found.launcher == .torchrun)
        #expect(numbers(found) == [5, 8, 1, 4])
        #expect(found.masterAddress == "node1" && found.masterPort == 29400 && found.agentServesStore)
        #expect(found.storePrefix == "transeg/abc/2/8")
    }

    @Test func slurm() throws {
        let variables = [
            "SLURM_PROCID": "4", "SLURM_STEP_NUM_TASKS": "5", "SLURM_LOCALID": "0", "SLURM_NODEID": "2",
            "SLURM_STEP_TASKS_PER_NODE": "2(x2),1", "SLURM_STEP_NODELIST": "gpu[03-04,09]", "SLURM_JOB_ID": "123456",
            "SLURM_STEP_ID": "3",
        ]
        let found = try #require(try LaunchEnvironment.detect(variables))
        #expect(found.launcher == .slurm)
        #expect(numbers(found) == [4, 5, 0, 1])
        #expect(found.masterAddress == "gpu03" && found.masterPort == 15000 + 3459 && !found.agentServesStore)
        #expect(found.storePrefix == "transeg/123456.3/0/5")
        let moved = variables.merging(["MASTER_ADDR": "ib1", "MASTER_PORT": "4000"]) { $1 }
        #expect(try LaunchEnvironment.detect(moved)?.masterAddress == "ib1")
        #expect(try LaunchEnvironment.detect(moved)?.masterPort == 4000)
    }

    @Test(arguments: [
        ("node7", "node7"), ("a,b", "a"), ("node[1-3]", "node1"), ("node[01,05-07]-ib,x", "node01-ib"),
        ("gpu-a[2-9],gpu-b1", "gpu-a2"), ("r[1-2]n[03-04]", "r1n03"),
    ]) func hostsOfSlurm(list: String, host: String) {
        #expect(SlurmLists.firstHost(list) == host)
    }

    @Test func mpirun() throws {
        var variables = [
            "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
            "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
        ]
        let found = try #require(try LaunchEnvironment.detect(variables))
        #expect(found.launcher == .mpi && found.masterAddress == "127.0.0.1" && found.masterPort == 29500)
        #expect(numbers(found) == [1, 2, 1, 2])
        variables["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1"
        variables["OMPI_COMM_WORLD_LOCAL_RANK"] = "0"
        #expect(throws: LaunchError.self) { try LaunchEnvironment.detect(variables) }
        variables["MASTER_ADDR"] = "node1"
        #expect(try LaunchEnvironment.detect(variables)?.masterAddress == "node1")
        let intel = ["PMI_RANK": "3", "PMI_SIZE": "4", "MPI_LOCALRANKID": "3", "MPI_LOCALNRANKS": "4"]
        #expect(try LaunchEnvironment.detect(intel)?.rank == 3)
    }

    @Test(arguments: [
        ["RANK": "x", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"],
        ["RANK": "2", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"],
        ["RANK": "0", "WORLD_SIZE": "0", "MASTER_ADDR": "a", "MASTER_PORT": "1"],
        ["RANK": "0", "WORLD_SIZE": "2", "MASTER_PORT": "1"], ["RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a"],
        ["RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "70000"],
        ["RANK": "-1", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"],
        ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2", "SLURM_LOCALID": "0", "SLURM_JOB_ID": "many"],
        [
            "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2", "SLURM_LOCALID": "0", "SLURM_JOB_ID": "1",
            "SLURM_STEP_TASKS_PER_NODE": "two",
        ],
    ]) func whatMakesNoSenseIsRefused(variables: [String: String]) {
        #expect(throws: LaunchError.self) { try LaunchEnvironment.detect(variables) }
    }

    @Test func torchrunFindsTheReason() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/attempt_0/0/error.json"
            TorchrunErrorFile.write("the disk is full", environment: ["TORCHELASTIC_ERROR_FILE": path])
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let content = try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]]
            #expect(content?["message"]?["message"] as? String == "the disk is full")
            let extra = content?["message"]?["extraInfo"] as? [String: String]
            #expect(Int(extra?["timestamp"] ?? "") != nil)
        }
    }

    private func numbers(_ launch: LaunchEnvironment) -> [Int] {
        [launch.rank, launch.worldSize, launch.localRank, launch.localWorldSize]
    }
}
