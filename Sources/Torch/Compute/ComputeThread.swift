import Dispatch
import Foundation
import Synchronization

/// A thread that runs an actor's jobs one after the other, for as long as the process lives.
final class ComputeThread: SerialExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let waiting = DispatchSemaphore(value: 0)

    /// As large as a main thread's: layers call each other deeply.
    private static let stackSize = 8 << 20

    init(name: String) {
        let thread = Thread { [unowned self] in run() }
        thread.name = name
        thread.stackSize = Self.stackSize
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        waiting.signal()
    }

    private func run() {
        while true {
            waiting.wait()
            let job = jobs.withLock { $0.removeFirst() }
            job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }
}
