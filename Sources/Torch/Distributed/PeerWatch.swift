import Dispatch
import Foundation
import Synchronization

/// Knows which ranks still run, so that a collective that fails can say who is missing: libtorch tells an address at best.
///
/// Each rank counts up in the store every second, on a thread of its own.
final class PeerWatch: Sendable {
    private let rank: Int
    private let size: Int
    private let store: ProcessGroupStore
    private let stop = Stop()

    private final class Stop: Sendable {
        let isRequested = Atomic(false)
    }

    private static let interval = 1.0

    /// Throws `TorchError` when the store cannot be reached.
    init(_ store: ProcessGroupStore, rank: Int, size: Int) throws {
        (self.rank, self.size) = (rank, size)
        self.store = try store.clone()
        let own = try store.clone()
        let key = Self.key(rank)
        try own.set(key, "0")
        Thread.detachNewThread { [stop] in
            var beat = 0
            while true {
                Thread.sleep(forTimeInterval: Self.interval)
                guard !stop.isRequested.load(ordering: .relaxed) else { return }
                beat += 1
                // A store that is gone is told of by the collective that fails.
                guard (try? own.set(key, String(beat))) != nil else { return }
            }
        }
    }

    deinit { stop.isRequested.store(true, ordering: .relaxed) }

    private static func key(_ rank: Int) -> String { "alive/\(rank)" }

    private final class Answer: Sendable {
        let text = Mutex(PeerWatch.lost)
        let isThere = DispatchSemaphore(value: 0)
    }

    private static let lost = "the store where the ranks meet, which torchrun or rank 0 keeps, is gone"
    /// Longer than asking takes.
    private static let patience = 8.0

    /// Who gives no sign of life, as the end of a sentence; takes some seconds.
    ///
    /// Where the network to the store is cut, libtorch's question waits beyond its timeout, so nobody waits for that.
    func report() -> String {
        let answer = Answer()
        Thread.detachNewThread { [self] in
            let text = ask()
            answer.text.withLock { $0 = text }
            answer.isThere.signal()
        }
        _ = answer.isThere.wait(timeout: .now() + Self.patience)
        return answer.text.withLock { $0 }
    }

    private func ask() -> String {
        do {
            try store.setTimeout(.seconds(5))
            var silent = try (0..<size).filter { $0 != rank }.map { (rank: $0, beat: try store.get(Self.key($0))) }
            for _ in 0..<4 where !silent.isEmpty {
                Thread.sleep(forTimeInterval: Self.interval)
                silent = try silent.filter { try store.get(Self.key($0.rank)) == $0.beat }
            }
            guard !silent.isEmpty else { return "all other ranks still run" }
            let ranks = silent.prefix(8).map { String($0.rank) }.joined(separator: ", ")
            return silent.count == 1
                ? "rank \(ranks) gives no sign of life"
                : "ranks \(ranks)\(silent.count > 8 ? " and more" : "") give no sign of life"
        } catch {
            return Self.lost
        }
    }
}
