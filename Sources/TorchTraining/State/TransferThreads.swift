import Dispatch
import Files
import Foundation
import Synchronization
import Torch

/// Threads that move bytes between memory and a file while others compute.
final class TransferThreads: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false
    }

    private final class Queue: Sendable {
        let state = Mutex(State())
        let waiting = DispatchSemaphore(value: 0)
    }

    private let queue = Queue()
    private let count: Int
    /// Large enough for a disk to be quick, small enough for several threads to share a slot.
    private static let pieceSize = 8 << 20

    /// - Parameter count: Enough of them keep a fast disk's queue filled.
    init(count: Int = 4) {
        self.count = count
        for _ in 0..<count {
            Thread.detachNewThread { [queue] in
                while true {
                    queue.waiting.wait()
                    guard let job = queue.state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) else {
                        if queue.state.withLock({ $0.isClosed }) { return }
                        continue
                    }
                    job()
                }
            }
        }
    }

    deinit {
        queue.state.withLock { $0.isClosed = true }
        for _ in 0..<count { queue.waiting.signal() }
    }

    /// Begins to read or write `memory`, which must stay as it is, and be there, until the transfer is done.
    func begin(
        _ name: String, _ direction: FileTransfer.Direction, _ file: ScratchFile,
        _ memory: UnsafeMutableRawBufferPointer, at offset: Int
    ) -> FileTransfer {
        let starts = Array(stride(from: 0, to: memory.count, by: Self.pieceSize))
        let transfer = FileTransfer(name: name, direction, pieceCount: starts.count)
        // Pointers are not `Sendable`.
        let address = UInt(bitPattern: memory.baseAddress)
        for start in starts {
            let count = min(Self.pieceSize, memory.count - start)
            queue.state.withLock {
                $0.jobs.append {
                    transfer.run {
                        let piece = UnsafeMutableRawBufferPointer(
                            start: UnsafeMutableRawPointer(bitPattern: address + UInt(start)), count: count)
                        switch direction {
                        case .read: try file.read(into: piece, at: offset + start)
                        case .write: try file.write(UnsafeRawBufferPointer(piece), at: offset + start)
                        }
                    }
                }
            }
            queue.waiting.signal()
        }
        return transfer
    }
}

/// Bytes on their way between memory and a file.
final class FileTransfer: Sendable {
    enum Direction: String, Sendable {
        case read, write
    }

    let direction: Direction
    private let name: String
    private let group = DispatchGroup()
    private let state: Mutex<(remaining: Int, start: UInt64, error: (any Error)?)>

    init(name: String, _ direction: Direction, pieceCount: Int) {
        (self.name, self.direction) = (name, direction)
        state = Mutex((pieceCount, 0, nil))
        if pieceCount > 0 { group.enter() }
    }

    fileprivate func run(_ piece: () throws -> Void) {
        state.withLock { if $0.start == 0 { $0.start = Trace.begin } }
        let result = Result { try piece() }
        state.withLock { state in
            if case .failure(let error) = result { state.error = state.error ?? error }
            state.remaining -= 1
            guard state.remaining == 0 else { return }
            Trace.note("\(direction.rawValue) \(name)", on: .hostIO, since: state.start)
            group.leave()
        }
    }

    var isDone: Bool { state.withLock { $0.remaining == 0 } }

    /// Throws what one of the pieces threw.
    func wait() throws {
        group.wait()
        if let error = state.withLock({ $0.error }) { throw error }
    }
}
