package import StableDiffusion3
package import Torch
package import TorchTraining

extension TrainableTransformer: Checkpointable {
    package func pieces() throws -> [CheckpointPiece] { try constantPieces() + trained.pieces(of: .master) }

    /// Pieces of what is trained, apart: the transformer's or its adapters, and the head's without their prefix, for they go to files of their own.
    func split(_ pieces: [CheckpointPiece]) -> (transformer: [CheckpointPiece], head: [CheckpointPiece]) {
        guard head.folder != nil else { return (pieces, []) }
        return (
            pieces.compactMap { $0.part { !$0.hasPrefix(head.prefix) } },
            pieces.compactMap { $0.part { $0.hasPrefix(head.prefix) }?.withoutPrefix(head.prefix) }
        )
    }

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
