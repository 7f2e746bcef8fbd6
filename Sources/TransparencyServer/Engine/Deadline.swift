#if Service
import NIOCore
import NIOPosix
import Synchronization
import TransparencySegmentation

/// The time is over.
struct DeadlinePassed: Error {}

/// Runs `body`, and cancels it at the deadline. Throws ``DeadlinePassed`` then, once `body` has ended.
///
/// The timer is an event loop's, which forgets it when it is canceled. `Task.sleep` keeps a canceled sleep until it is due: at hundreds of
/// requests a second, each of minutes, that was hundreds of mebibytes.
func withDeadline<R: Sendable>(
    _ deadline: ContinuousClock.Instant, on loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next(),
    _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
    let hasPassed = Atomic(false)
    let task = Task(operation: body)
    let timer = loop.scheduleTask(in: .init(deadline - .now)) {
        hasPassed.store(true, ordering: .relaxed)
        task.cancel()
    }
    let result = await withTaskCancellationHandler {
        await task.result
    } onCancel: {
        task.cancel()
    }
    timer.cancel()
    if hasPassed.load(ordering: .relaxed) { throw DeadlinePassed() }
    return try result.get()
}
#endif
