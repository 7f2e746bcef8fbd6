import Foundation

/// A bounded number of threads for work that blocks, such as decoding: never more at once, and none of it on the threads that serve connections.
final class WorkPool: Sendable {
    private let queue = OperationQueue()

    /// - Parameter threadCount: At least 1.
    init(threadCount: Int) {
        queue.maxConcurrentOperationCount = max(1, threadCount)
        queue.qualityOfService = .userInitiated
    }

    /// Runs `body` when a thread is free.
    func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            queue.addOperation { continuation.resume(with: Result(catching: body)) }
        }
    }
}
