import Foundation
import Testing

@testable import Torch

struct ComputeActorTests {
    /// libtorch's state is a thread's: whatever task asks, one thread computes.
    @Test func oneThreadComputesForAllTasks() async throws {
        let threads = await withTaskGroup(of: UInt.self) { group in
            for _ in 0..<50 { group.addTask { await ComputeActor.run { UInt(pthread_self()) } } }
            return await group.reduce(into: Set<UInt>()) { $0.insert($1) }
        }
        #expect(threads.count == 1)
        #expect(!threads.contains(UInt(pthread_self())))
    }

    @Test func jobsDoNotOverlap() async {
        @ComputeActor final class Counter {
            var count = 0
            nonisolated init() {}
            func add() { count += 1 }
        }
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 { group.addTask { await counter.add() } }
        }
        #expect(await ComputeActor.run { counter.count } == 1000)
    }
}
