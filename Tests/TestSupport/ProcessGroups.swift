import Foundation
import Synchronization
package import Torch

/// Runs `body` on as many ranks, each on a thread of its own, and gives what came of each in their order.
package func withProcessGroups<R: Sendable>(
    _ size: Int, timeout: Duration = .seconds(60), _ body: @escaping @Sendable (ProcessGroup) throws -> R
) throws -> [Result<R, any Error>] {
    let store = try ProcessGroupStore.inMemory()
    let results = Mutex<[Int: Result<R, any Error>]>([:])
    let done = DispatchSemaphore(value: 0)
    for rank in 0..<size {
        let thread = Thread {
            let result = Result { try body(ProcessGroup(store.clone(), rank: rank, size: size, timeout: timeout)) }
            results.withLock { $0[rank] = result }
            done.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }
    for _ in 0..<size { done.wait() }
    return results.withLock { results in (0..<size).compactMap { results[$0] } }
}
