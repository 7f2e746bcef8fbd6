import Foundation
import TestSupport
import Testing

@testable import Torch

/// What a process of several takes of its machine.
@Suite struct LaunchShareTests {
    private func launch(processes: Int) throws -> LaunchEnvironment {
        try #require(
            try LaunchEnvironment.detect([
                "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "\(processes)", "LOCAL_WORLD_SIZE": "\(processes)",
                "MASTER_ADDR": "localhost", "MASTER_PORT": "29500",
            ]))
    }

    @Test func threadsAreShared() throws {
        let processors = ProcessInfo.processInfo.activeProcessorCount
        let many = try launch(processes: 4 * processors)
        #expect(many.threadCount([:]) == 1 && many.processorShare == 1)
        // What torchrun sets where nobody did, and what a user has set.
        #expect(many.threadCount(["OMP_NUM_THREADS": "1"]) == 1)
        #expect(many.threadCount(["OMP_NUM_THREADS": "3"]) == nil)
        let alone = try launch(processes: 1)
        #expect(alone.threadCount(["OMP_NUM_THREADS": "1"]) == nil && alone.processorShare == processors)
    }

    @Test func listsAreSharedInTurn() throws {
        let list = Array(0..<7)
        let parts = try withProcessGroups(3) { group in
            try group.barrier()
            return Ranks(group).share(of: list)
        }.map { try $0.get() }
        #expect(parts == [[0, 3, 6], [1, 4], [2, 5]])
        #expect(Ranks().share(of: list) == list)
    }

    /// What fails on one throws on all; an error that the others do not know of is not taken for such.
    @Test func allFailTogether() throws {
        struct Failure: Error, CustomStringConvertible { let description = "no way" }
        let results = try withProcessGroups(3) { group -> [String] in
            let ranks = Ranks(group)
            var texts: [String] = []
            do {
                try ranks.agree { if ranks.rank == 1 { throw Failure() } }
            } catch { texts.append("\(error), \(ranks.haveFailedTogether)") }
            let sums = try ranks.gather([Double(ranks.rank), 7])
            texts.append("\(sums.map { $0[0] }), \(ranks.haveFailedTogether)")
            return texts
        }.map { try $0.get() }
        #expect(
            results.map { $0[0] } == ["rank 1 failed: no way, true", "no way, true", "rank 1 failed: no way, true"])
        #expect(results.allSatisfy { $0[1] == "[0.0, 1.0, 2.0], false" })
    }
}
