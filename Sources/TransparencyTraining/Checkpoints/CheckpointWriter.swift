import Dispatch
import Files
import Foundation
import Limits
import Safetensors
import Synchronization
import Torch

/// Writes this process' files of a checkpoint on a thread of its own, in the order in which they are given to it.
///
/// What waits to be written is a copy in host memory of so many bytes at most; who gives more waits. After a failure nothing more is written.
final class CheckpointWriter: Sendable {
    private struct Files {
        var open: [String: SafetensorsPieces] = [:]
        var entries: [String: CheckpointManifest.Entry] = [:]
        var failure: (any Error)?
    }

    private struct Work {
        var bytes = 0
        var jobs = 0
        var isCancelled = false
    }

    private let folder: String
    private let room: Int
    private let files = Mutex(Files())
    private let work = Mutex(Work())
    private let queue = DispatchQueue(label: "checkpoint")
    private let jobDone = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - folder: Where the files go.
    ///   - room: Bytes that may wait; a piece that is larger goes alone.
    init(_ folder: String, room: Int) { (self.folder, self.room) = (folder, room) }

    /// Begins a file of tensors.
    func begin(_ name: String, _ tensors: [(key: String, shape: [Int])]) {
        let slots = tensors.map { SafetensorsSlot(name: $0.key, dtype: .f32, shape: $0.shape) }
        add { [folder] files in
            let path = "\(folder)/\(name)"
            try makeFolder(parentFolder(of: path))
            files.open[name] = try SafetensorsPieces(path, slots)
        }
    }

    /// Writes tensors that lie one after the other to a file that was begun.
    func write(_ values: Tensor, _ tensors: [(key: String, shape: [Int])], to name: String) {
        let count = values.elementCount * DType.float32.byteCount
        takeRoom(count)
        do {
            // malloc would keep it for the next update (LibTorch/HostMemory.cpp).
            let data = try AnonymousMemory.make(count) { try values.to(.float32).copyBytes(to: $0) }
            enqueue(count) { files in
                guard let file = files.open[name] else { preconditionFailure("\(name) was not begun") }
                try data.withUnsafeBytes { try file.write($0, of: tensors.map(\.key)) }
            }
        } catch {
            // The other processes go on, and so the failure is told when all of them are asked.
            enqueue(count) { _ in throw error }
        }
    }

    /// Ends a file that was begun: all its tensors have been given.
    func finish(_ name: String) {
        add { files in
            guard let file = files.open.removeValue(forKey: name) else { preconditionFailure("\(name) was not begun") }
            let (bytes, digest) = try file.finish()
            files.entries[name] = .init(bytes: bytes, sha256: digest)
        }
    }

    /// Writes a document.
    func write(_ document: [UInt8], as name: String) {
        add(document.count) { [folder] files in
            let path = "\(folder)/\(name)"
            try makeFolder(parentFolder(of: path))
            try AtomicFile.write(document, to: path)
            files.entries[name] = .init(document)
        }
    }

    /// Whether there is nothing left to do.
    var isIdle: Bool { work.withLock { $0.jobs == 0 } }

    /// Waits for the end; gives the files that were written. Throws what prevented one.
    func finish() throws -> [String: CheckpointManifest.Entry] {
        queue.sync {}
        return try files.withLock { files in
            if let failure = files.failure { throw failure }
            return files.entries
        }
    }

    /// Gives up what has not been begun, and waits for what has.
    func cancel() {
        work.withLock { $0.isCancelled = true }
        queue.sync {}
    }

    private func add(_ count: Int = 0, _ body: @escaping @Sendable (inout Files) throws -> Void) {
        takeRoom(count)
        enqueue(count, body)
    }

    private func takeRoom(_ count: Int) {
        func takes() -> Bool {
            work.withLock { work in
                guard work.bytes == 0 || work.bytes + count <= room else { return false }
                work.bytes += count
                work.jobs += 1
                return true
            }
        }
        while !takes() { jobDone.wait() }
    }

    private func enqueue(_ count: Int, _ body: @escaping @Sendable (inout Files) throws -> Void) {
        queue.async { [self] in
            files.withLock { files in
                guard files.failure == nil, !work.withLock({ $0.isCancelled }) else { return }
                do { try body(&files) } catch { files.failure = error }
            }
            work.withLock { work in
                work.bytes -= count
                work.jobs -= 1
            }
            jobDone.signal()
        }
    }
}
