package import StableDiffusion3
package import Torch
package import TorchTraining

extension TrainableTransformer: Checkpointable {
    package func stateDict() throws -> [(key: String, tensor: Tensor)] { try state() }

    package func pieces() throws -> [CheckpointPiece] {
        try constantPieces() + buffers.indices.map { buffers[$0].piece(of: buffers[$0].master, part: $0) }
    }

    /// Those of what stays as the base model has it.
    func constantPieces() throws -> [CheckpointPiece] {
        try constantState().map { CheckpointPiece(part: 0, key: $0.key, $0.tensor) }
    }

    package func load(_ state: [String: Tensor]) throws {
        try copy(try trained(of: state), into: buffers.flatMap { try $0.views(of: $0.master) })
        for buffer in buffers { try buffer.refresh() }
    }

    /// A state dict without what stays as the base model has it.
    func trained(of state: [String: Tensor]) throws -> [String: Tensor] {
        let constants = Set(try constantState().map(\.key))
        return state.filter { !constants.contains($0.key) }
    }
}
