package import StableDiffusion3
package import Torch
import TorchTraining

extension TrainableTransformer: Checkpointable {
    package func stateDict() throws -> [(key: String, tensor: Tensor)] { try state() }

    package func load(_ state: [String: Tensor]) throws {
        try copy(state, into: buffers.flatMap { try $0.views(of: $0.master) })
        for buffer in buffers { try buffer.refresh() }
    }
}
