/// Everything that computes, on one thread of its own.
///
/// libtorch keeps gradient mode, cuDNN's plans, cuBLAS' workspaces and OpenMP's team of threads for each thread that calls it. An
/// actor on the usual pool resumes on any thread, which then has more OpenMP threads than cores and pays for each plan anew.
///
/// What holds tensors is isolated to this actor and thereby `Sendable`; what computes is an ordinary function, called from it.
@globalActor
package actor ComputeActor {
    package static let shared = ComputeActor()

    private static let thread = ComputeThread(name: "compute")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { Self.thread.asUnownedSerialExecutor() }

    /// Runs `body` on the thread and gives its result.
    package static func run<R: Sendable>(_ body: @ComputeActor @Sendable () throws -> R) async rethrows -> R {
        try await body()
    }
}
