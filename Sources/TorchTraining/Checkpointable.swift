package import Torch

/// Tensors of a checkpoint that are made together when their turn to be written comes, such as the first moments of a part of a model: a state
/// that is large, spread over processes or not in memory is never there a second time.
package struct CheckpointPiece {
    /// The part of the model. Its number decides which process writes the piece.
    package let part: Int
    /// What lies one after the other in the piece.
    package let tensors: [(key: String, shape: [Int])]
    /// Makes the piece, float32 in row order, for the process of this rank; what others get is ignored. All processes call it, each piece in the same order,
    /// for they may have to bring it together.
    package let make: (_ owner: Int) throws -> Tensor?

    package init(part: Int, _ tensors: [(key: String, shape: [Int])], make: @escaping (_ owner: Int) throws -> Tensor?)
    {
        (self.part, self.tensors, self.make) = (part, tensors, make)
    }

    /// A tensor that every process has.
    package init(part: Int, key: String, _ tensor: Tensor) {
        self.init(part: part, [(key, tensor.shape)]) { _ in tensor }
    }

    /// The tensors of it whose keys are chosen, which must lie one after the other; nil where there are none.
    package func part(_ isChosen: (String) -> Bool) -> CheckpointPiece? {
        let chosen = tensors.indices.filter { isChosen(tensors[$0].key) }
        guard let first = chosen.first, let last = chosen.last else { return nil }
        precondition(last - first + 1 == chosen.count, "tensors of a piece lie one after the other")
        if chosen.count == tensors.count { return self }
        func count(_ range: Range<Int>) -> Int { tensors[range].map { $0.shape.reduce(1, *) }.reduce(0, +) }
        let (start, length) = (count(0..<first), count(first..<last + 1))
        return CheckpointPiece(part: part, Array(tensors[first...last])) { [make] owner in
            try make(owner)?.reshape([-1]).narrow(0, start: start, length: length)
        }
    }

    /// The same without something before the keys, which all of them have.
    package func withoutPrefix(_ prefix: String) -> CheckpointPiece {
        CheckpointPiece(part: part, tensors.map { (String($0.key.dropFirst(prefix.count)), $0.shape) }, make: make)
    }

    /// The same with something before the keys.
    package func prefixed(_ prefix: String) -> CheckpointPiece {
        CheckpointPiece(part: part, tensors.map { (prefix + $0.key, $0.shape) }, make: make)
    }
}

/// Something whose tensors a checkpoint keeps.
package protocol Checkpointable {
    /// The tensors, piece by piece.
    func pieces() throws -> [CheckpointPiece]
    /// Takes what ``pieces()`` gave, by the tensors' keys. Throws ``CheckpointableError`` where something is missing, has another shape, or belongs
    /// to nothing.
    ///
    /// - Parameter releasePages: Called when a part of it has been copied, and need not be in memory any more.
    func load(_ state: [String: Tensor], releasePages: () -> Void) throws
}

/// A state that does not fit.
package struct CheckpointableError: Error, Equatable, CustomStringConvertible {
    package let description: String
}

extension Checkpointable {
    /// All tensors by name; they may be views of what is in use. For what is in memory as a whole.
    package func stateDict() throws -> [(key: String, tensor: Tensor)] {
        try pieces().flatMap { piece in
            guard let values = try piece.make(0) else { return [(key: String, tensor: Tensor)]() }
            return try PartLayout(prefix: "", piece.tensors.map { ($0.key, $0.shape) }).views(of: values.reshape([-1]))
        }
    }

    package func load(_ state: [String: Tensor]) throws { try load(state, releasePages: {}) }
}

extension TrainedState {
    /// A slot of all parts, by the weights' keys with something before them.
    package func pieces(of slot: StateSlot, prefix: String = "") -> [CheckpointPiece] {
        parts.map { part in
            CheckpointPiece(part: part.index, part.layout.tensors(prefix)) { owner in
                try self.gathered(slot, of: part.index, at: owner)
            }
        }
    }

    /// Takes slots of all parts from a state that has them by the weights' keys with something before them.
    ///
    /// - Parameter others: What else the state has.
    package func load(
        _ slots: KeyValuePairs<StateSlot, String>, of state: [String: Tensor], besides others: Set<String> = [],
        releasePages: () -> Void
    ) throws {
        var known = others
        for (key, shape) in parts.flatMap({ part in slots.flatMap { part.layout.tensors($0.value) } }) {
            guard let source = state[key] else { throw CheckpointableError(description: "it has no \(key)") }
            guard source.shape == shape else {
                throw CheckpointableError(description: "\(key) is \(source.shape); \(shape) was expected")
            }
            known.insert(key)
        }
        if let stranger = state.keys.filter({ !known.contains($0) }).min() {
            throw CheckpointableError(description: "it has \(stranger), which nothing here takes")
        }
        // Nothing is changed before all of it is found to fit.
        for part in parts {
            for (slot, prefix) in slots {
                let keys = part.layout.tensors("").map(\.key)
                let own = keys.compactMap { key in state[prefix + key].map { (key, $0) } }
                try put(Dictionary(uniqueKeysWithValues: own), in: slot, of: part.index)
                releasePages()
            }
        }
    }
}

extension AdamW: Checkpointable {
    private static let (first, second, count) = ("exp_avg.", "exp_avg_sq.", "step")

    /// The moments by the weights' keys, and how many updates there were.
    package func pieces() throws -> [CheckpointPiece] {
        state.pieces(of: .expAvg, prefix: Self.first) + state.pieces(of: .expAvgSq, prefix: Self.second)
            + [CheckpointPiece(part: 0, key: Self.count, try Tensor.full([], Double(stepCount)))]
    }

    package func load(_ state: [String: Tensor], releasePages: () -> Void) throws {
        let state = try byWeights(state)
        guard let count = state[Self.count] else { throw CheckpointableError(description: "it has no \(Self.count)") }
        try self.state.load(
            [.expAvg: Self.first, .expAvgSq: Self.second], of: state, besides: [Self.count],
            releasePages: releasePages)
        stepCount = Int(try count.item())
    }

    /// Earlier versions had the state by parts.
    private func byWeights(_ state: [String: Tensor]) throws -> [String: Tensor] {
        guard state["\(Self.first)0"] != nil else { return state }
        var (rest, found) = (state, [String: Tensor]())
        for part in self.state.parts {
            for prefix in [Self.first, Self.second] {
                guard let flat = rest.removeValue(forKey: prefix + "\(part.index)"),
                    flat.shape == [part.layout.count]
                else {
                    throw CheckpointableError(
                        description: "it has no \(prefix)\(part.index) of \(part.layout.count) numbers")
                }
                for (key, tensor) in try part.layout.views(of: flat) { found[prefix + key] = tensor }
            }
            found[Self.count] = rest.removeValue(forKey: "\(Self.count).\(part.index)")
        }
        return found.merging(rest) { $1 }
    }
}

extension ExponentialMovingAverage: Checkpointable {
    /// The averages by the weights' keys.
    package func pieces() -> [CheckpointPiece] { state.pieces(of: .average) }

    package func load(_ state: [String: Tensor], releasePages: () -> Void) throws {
        try self.state.load([.average: ""], of: state, releasePages: releasePages)
    }
}
