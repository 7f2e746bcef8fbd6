package import Torch

/// How the state of training is spread over the processes that train together (ZeRO: Rajbhandari et al., arXiv 1910.02054).
///
/// A part's flat tensors are padded to a multiple of the processes P; of what is sharded, rank r keeps the r-th piece alone. With Ψ weights
/// trained, a process sends as much as it receives, and of a ring each operation sends (P − 1) / P of the tensor, an all-reduce twice as much.
/// So bytes sent in an update of A batches, where weights take w bytes (4 or 2) and gradients are summed in float32:
///
/// | stage | gradients | weights | together |
/// | --- | --- | --- | --- |
/// | `none` | all-reduce, once | | 8 Ψ (P − 1) / P |
/// | `optimizer` | reduce-scatter, once | all-gather, once | (4 + w) Ψ (P − 1) / P |
/// | `gradients` | reduce-scatter, each batch | all-gather, once | (4 A + w) Ψ (P − 1) / P |
/// | `full` | reduce-scatter, each batch | all-gather, forward and backward of each batch | (4 A + 2 A w) Ψ (P − 1) / P |
///
/// Gloo has no reduce-scatter: there it is an all-reduce of which the rest is dropped, 8 instead of 4.
package struct Sharding: Sendable {
    /// What each process keeps its share of alone, each with what those before it have: ZeRO's stages 0 to 3.
    package enum Stage: Int, Sendable, Comparable {
        case none, optimizer, gradients, full

        package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
    }

    /// `none` where a process is alone.
    package let stage: Stage
    /// Those that train together; nil for one alone.
    package let group: ProcessGroup?

    package init(_ stage: Stage = .none, group: ProcessGroup? = nil) {
        self.group = group.flatMap { $0.size > 1 ? $0 : nil }
        self.stage = self.group == nil ? .none : stage
    }

    /// Whether each has its share of masters, moments and averages alone.
    var sharesState: Bool { stage >= .optimizer }
    /// Whether each has its share of the gradients alone.
    var sharesGradients: Bool { stage >= .gradients }
    /// Whether each has its share of the weights to compute with alone.
    var sharesWeights: Bool { stage == .full }

    /// The elements of a whole tensor of so many numbers, padding included.
    package func paddedCount(_ count: Int) -> Int {
        guard sharesState, let group else { return count }
        return (count + group.size - 1) / group.size * group.size
    }

    /// The elements that a process keeps of what is sharded.
    package func shardCount(_ count: Int) -> Int {
        guard sharesState, let group else { return count }
        return paddedCount(count) / group.size
    }

    /// This process's piece of a whole, padded tensor; a view.
    func own(_ whole: Tensor) throws -> Tensor {
        guard sharesState, let group else { return whole }
        let count = whole.size(0) / group.size
        return try whole.narrow(0, start: group.rank * count, length: count)
    }

    /// Begins to sum a part's gradients over the processes: all of them, or into this process's piece. nil for one alone.
    func beginSum(_ gradients: Tensor) throws -> CollectiveWork? {
        guard sharesState else { return try group?.beginAllReduce(gradients) }
        return try group?.beginReduceScatter(gradients, into: own(gradients))
    }

    /// Begins to fill a whole tensor from the pieces, of which this process's is there. nil where it is whole already.
    func beginGather(_ whole: Tensor) throws -> CollectiveWork? {
        sharesState ? try group?.beginAllGather(own(whole), into: whole) : nil
    }

    /// The norm of all processes' pieces, given that of this process's, a scalar.
    func jointNorm(_ own: Tensor) throws -> Tensor {
        guard sharesState, let group else { return own }
        let norm = try own.item()
        return try Tensor.full([], group.allReduce([norm * norm])[0].squareRoot(), device: own.device)
    }
}
