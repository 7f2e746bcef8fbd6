package import Torch

/// Something whose tensors a checkpoint keeps.
package protocol Checkpointable {
    /// The tensors by name, in an order that is always the same; they may be views of what is in use.
    func stateDict() throws -> [(key: String, tensor: Tensor)]
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
    /// The moments and counts of each part.
    package func stateDict() throws -> [(key: String, tensor: Tensor)] {
        try state.parts.flatMap { part in
            [
                ("exp_avg.\(part.index)", try state.gathered(.expAvg, of: part.index)),
                ("exp_avg_sq.\(part.index)", try state.gathered(.expAvgSq, of: part.index)),
                ("step.\(part.index)", try Tensor.full([], Double(stepCount))),
            ].compactMap { key, tensor in tensor.map { (key, $0) } }
        }
    }

    package func load(_ state: [String: Tensor]) throws {
        try copy(state, into: stateDict())
        stepCount = try state["step.0"].map { Int(try $0.item()) } ?? 0
    }
}

extension ExponentialMovingAverage: Checkpointable {
    /// The averages by the weights' keys.
    package func stateDict() throws -> [(key: String, tensor: Tensor)] { try state.views(of: .average) }

    package func load(_ state: [String: Tensor]) throws { try copy(state, into: stateDict()) }
}
