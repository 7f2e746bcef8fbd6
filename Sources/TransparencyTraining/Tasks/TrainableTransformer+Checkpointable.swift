package import StableDiffusion3
package import Torch
import TorchTraining

extension TrainableTransformer: Checkpointable {
    package func stateDict() throws -> [(key: String, tensor: Tensor)] { try state() }

    package func load(_ state: [String: Tensor]) throws {
        try copy(try withoutConstants(state), into: trained.views(of: .master))
        try trained.refreshWeights()
    }

    /// A state dict without what stays as the base model has it.
    func withoutConstants(_ state: [String: Tensor]) throws -> [String: Tensor] {
        let constants = Set(try constantState().map(\.key))
        return state.filter { !constants.contains($0.key) }
    }
}
