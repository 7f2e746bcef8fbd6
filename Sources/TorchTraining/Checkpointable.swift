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

    /// The same with something before the keys.
    package func prefixed(_ prefix: String) -> CheckpointPiece {
        CheckpointPiece(part: part, tensors.map { (prefix + $0.key, $0.shape) }, make: make)
    }
}

/// Something whose tensors a checkpoint keeps.
package protocol Checkpointable {
    /// The tensors by name, in an order that is always the same; they may be views of what is in use.
    func stateDict() throws -> [(key: String, tensor: Tensor)]
    /// The same for a checkpoint.
    func pieces() throws -> [CheckpointPiece]
    /// Takes what ``stateDict()`` gave. Throws ``CheckpointableError`` where something is missing, has another shape, or belongs to nothing.
    func load(_ state: [String: Tensor]) throws
}

/// A state that does not fit.
package struct CheckpointableError: Error, Equatable, CustomStringConvertible {
    package let description: String
}

extension Checkpointable {
    /// Copies tensors over those of the same names.
    package func copy(_ state: [String: Tensor], into targets: [(key: String, tensor: Tensor)]) throws {
        for (key, target) in targets {
            guard let source = state[key] else { throw CheckpointableError(description: "it has no \(key)") }
            guard source.shape == target.shape else {
                throw CheckpointableError(
                    description: "\(key) is \(source.shape); \(target.shape) was expected")
            }
        }
        let known = Set(targets.map(\.key))
        if let stranger = state.keys.filter({ !known.contains($0) }).min() {
            throw CheckpointableError(description: "it has \(stranger), which nothing here takes")
        }
        // Nothing is changed before all of it is found to fit.
        try withoutGradients {
            for (key, target) in targets { if let source = state[key] { try target.copyInPlace(source) } }
        }
    }
}

extension AdamW: Checkpointable {
    private static let (first, second, count) = ("exp_avg.", "exp_avg_sq.", "step")

    /// The moments by the weights' keys, and the count.
    package func stateDict() throws -> [(key: String, tensor: Tensor)] {
        func views(_ moments: [Tensor], _ prefix: String) throws -> [(key: String, tensor: Tensor)] {
            try zip(buffers, moments).flatMap { try $0.views(of: $1) }.map { (prefix + $0.key, $0.tensor) }
        }
        return try views(expAvgs, Self.first) + views(expAvgSqs, Self.second)
            + steps.prefix(1).map { (Self.count, $0) }
    }

    package func pieces() throws -> [CheckpointPiece] {
        buffers.indices.flatMap { part in
            [
                buffers[part].piece(of: expAvgs[part], part: part).prefixed(Self.first),
                buffers[part].piece(of: expAvgSqs[part], part: part).prefixed(Self.second),
            ]
        } + steps.prefix(1).map { CheckpointPiece(part: 0, key: Self.count, $0) }
    }

    /// Takes the state of earlier versions too, which had it by buffers.
    package func load(_ state: [String: Tensor]) throws {
        guard state["\(Self.first)0"] == nil else {
            return try copy(
                state,
                into: buffers.indices.flatMap { part in
                    [
                        ("\(Self.first)\(part)", expAvgs[part]), ("\(Self.second)\(part)", expAvgSqs[part]),
                        ("\(Self.count).\(part)", steps[part]),
                    ]
                })
        }
        try copy(state, into: stateDict())
        try withoutGradients { for step in steps.dropFirst() { try step.copyInPlace(steps[0]) } }
    }
}

extension ExponentialMovingAverage: Checkpointable {
    /// The averages by the weights' keys.
    package func stateDict() throws -> [(key: String, tensor: Tensor)] {
        try zip(buffers, averages).flatMap { try $0.views(of: $1) }
    }

    package func pieces() throws -> [CheckpointPiece] {
        buffers.indices.map { buffers[$0].piece(of: averages[$0], part: $0) }
    }

    package func load(_ state: [String: Tensor]) throws { try copy(state, into: stateDict()) }
}

extension ParameterBuffer {
    /// A tensor that is laid out as ``master`` is, as a piece of a checkpoint.
    package func piece(of tensor: Tensor, part: Int) -> CheckpointPiece {
        CheckpointPiece(part: part, zip(names, shapes).map { (prefix + $0, $1) }) { _ in tensor }
    }
}
