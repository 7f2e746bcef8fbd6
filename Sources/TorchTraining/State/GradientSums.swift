import Torch

/// Sums of gradients over processes that are under way while the next part computes.
final class GradientSums {
    private var pending: [(work: CollectiveWork, finish: () throws -> Void)] = []

    /// Notes a sum that has begun; `finish` takes what has come of it.
    func note(_ work: CollectiveWork, finish: @escaping () throws -> Void) { pending.append((work, finish)) }

    /// Waits for all but the last few.
    func settle(keeping count: Int = 0) throws {
        while pending.count > count {
            let (work, finish) = pending.removeFirst()
            try work.wait()
            try finish()
        }
    }

    /// Waits for none and takes nothing.
    func abandon() { pending = [] }
}
