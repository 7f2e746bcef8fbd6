package import StableDiffusion3
package import Torch
package import TorchTraining

extension TrainableTransformer: Checkpointable {
    package func pieces() throws -> [CheckpointPiece] { try constantPieces() + trained.pieces(of: .master) }

    /// Those of what stays as the base model has it.
    func constantPieces() throws -> [CheckpointPiece] {
        try constantState().map { CheckpointPiece(part: 0, key: $0.key, $0.tensor) }
    }

    package func load(_ state: [String: Tensor], releasePages: () -> Void) throws {
        try trained.load([.master: ""], of: withoutConstants(state), releasePages: releasePages)
    }

    /// A state dict without what stays as the base model has it.
    func withoutConstants(_ state: [String: Tensor]) throws -> [String: Tensor] {
        let constants = Set(try constantState().map(\.key))
        return state.filter { !constants.contains($0.key) }
    }
}
