#if Service
import Synchronization
import Testing

@testable import TransparencyServer

@Suite struct DeadlineTests {
    /// Made by a body; whoever keeps the body's task keeps it.
    private final class Made: Sendable {}

    private struct Weak {
        weak var made: Made?
    }

    /// Of deadlines an hour ahead nothing is left once their bodies have ended.
    @Test func whatIsAnsweredLeavesNothing() async throws {
        var kept: [Weak] = []
        for _ in 0..<2000 {
            kept.append(Weak(made: try await withDeadline(.now + .seconds(3600)) { Made() }))
        }
        // A task lets go of its result a moment after it has ended.
        for _ in 0..<500 where kept.contains(where: { $0.made != nil }) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(kept.count { $0.made != nil } == 0)
    }

    @Test func aDeadlineCancelsTheBody() async {
        let answer = Answer<Int>()
        await #expect(throws: DeadlinePassed.self) {
            try await withDeadline(.now + .milliseconds(20)) { try await answer.value() }
        }
        #expect(!answer.isWanted)
    }

    @Test func aDeadlineMayHavePassedBefore() async {
        await #expect(throws: DeadlinePassed.self) {
            try await withDeadline(.now - .seconds(1)) { try await Answer<Int>().value() }
        }
    }

    @Test func aBodysErrorIsThrown() async {
        await #expect(throws: CancellationError.self) {
            try await withDeadline(.now + .seconds(3600)) { throw CancellationError() }
        }
    }

    /// Who asks may give up: the body is canceled, and that is no deadline that passed.
    @Test func theCallersCancellationGoesThrough() async {
        let answer = Answer<Int>()
        let caller = Task { try await withDeadline(.now + .seconds(3600)) { try await answer.value() } }
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        #expect(!answer.isWanted)
    }
}
#endif
