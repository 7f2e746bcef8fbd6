package import Torch
import TorchNN
package import TorchTraining

/// A transformer for training on one timestep and prompt: what is trained of it lies in one buffer a part, and a pass leaves gradients there.
package final class TrainableTransformer {
    package let configuration: SD3TransformerConfiguration
    package let form: TrainedForm
    /// Those of the embeddings, the blocks and the output layers, in this order; of LoRA the blocks' alone.
    package let buffers: [ParameterBuffer]
    /// Whether blocks are run again for their gradients.
    package let gradientCheckpointing: Bool
    /// What is computed in.
    package let dtype: DType

    private let walk: TransformerWalk
    private let gradients: PartGradients
    /// What belongs to ``state()`` but is not trained: the positional embedding.
    private let constants: [String: Tensor]

    private static let positionKey = "pos_embed.pos_embed"

    /// Copies weights.
    ///
    /// - Parameters:
    ///   - tensors: The state dict of the form that is trained, plain or folded, each weight in any dtype.
    ///   - adapters: For LoRA, what an earlier run came to; nil for fresh ones.
    ///   - dtype: What to compute in; the masters are float32.
    ///   - prompt: What the plain form needs and the folded one has in it.
    ///   - seed: Of fresh adapters.
    /// - Throws: `WeightsError` when a weight is missing, superfluous or of another shape; ``ModelError``; `TorchError`.
    package init(
        _ configuration: SD3TransformerConfiguration, _ tensors: [String: Tensor], form: TrainedForm = .all,
        adapters: [String: Tensor]? = nil, dtype: DType, device: Device, timestep: Double, prompt: PromptEmbeddings?,
        gradientCheckpointing: Bool, seed: UInt32 = 0
    ) throws {
        // Checks every key and shape at once.
        let checked = Weights(unconverted: tensors)
        switch form {
        case .folded: _ = try FoldedTransformer(configuration, checked)
        case .all, .lora: _ = try SD3Transformer2DModel(configuration, checked)
        }
        guard let table = tensors[Self.positionKey] else {
            throw WeightsError.missing(key: Self.positionKey, file: "the weights")
        }
        (self.configuration, self.form, self.gradientCheckpointing, self.dtype) = (
            configuration, form, gradientCheckpointing, dtype
        )

        let trained: [String: Tensor]
        // A copy, for a view would keep the whole file in memory.
        var constants = [Self.positionKey: try table.to(.float32, device: device).clone()]
        if case .lora(let rank, let targets) = form {
            trained = try adapters ?? LowRankAdapters.fresh(for: tensors, rank: rank, targets: targets, seed: seed)
            self.constants = [:]
            constants.merge(try tensors.mapValues { try $0.to(dtype, device: device) }) { old, _ in old }
        } else {
            trained = tensors.filter { $0.key != Self.positionKey }
            self.constants = constants
        }
        let parts = try Self.parts(of: trained, blockCount: configuration.numLayers).map { prefix, weights in
            weights.isEmpty ? nil : try ParameterBuffer(prefix: prefix, weights, dtype: dtype, device: device)
        }
        gradients = try PartGradients(parts, gradientCheckpointing: gradientCheckpointing)
        buffers = parts.compactMap(\.self)
        var leaves = constants
        for buffer in buffers { for (name, leaf) in buffer.leaves { leaves[buffer.prefix + name] = leaf } }
        let weights = Weights(leaves, dtype: dtype, device: device)
        if form == .folded {
            walk = try FoldedTransformer(configuration, weights).walk()
        } else {
            guard let prompt else { preconditionFailure("the plain form needs a prompt") }
            walk = try SD3Transformer2DModel(configuration, weights)
                .walk(timestep: timestep, prompt: prompt.to(dtype, device: device))
        }
    }

    /// Weights by parts: what comes before the blocks, each block, what comes after. Names are without the part's prefix.
    private static func parts(
        of tensors: [String: Tensor], blockCount: Int
    ) -> [(prefix: String, weights: [(name: String, tensor: Tensor)])] {
        func part(_ prefix: String, _ belongs: (String) -> Bool) -> (String, [(name: String, tensor: Tensor)]) {
            let members = tensors.filter { belongs($0.key) }.sorted { $0.key < $1.key }
            return (prefix, members.map { (name: String($0.key.dropFirst(prefix.count)), tensor: $0.value) })
        }
        func isOutput(_ key: String) -> Bool { key.hasPrefix("norm_out.") || key.hasPrefix("proj_out.") }
        return [part("") { !$0.hasPrefix("transformer_blocks.") && !isOutput($0) }]
            + (0..<blockCount).map { index in
                part("transformer_blocks.\(index).") { $0.hasPrefix("transformer_blocks.\(index).") }
            } + [part("", isOutput)]
    }

    /// One pass without gradients: latent `[N, 16, h, w]` in ``dtype`` to the same shape.
    package func callAsFunction(_ latent: Tensor) throws -> Tensor { try withoutGradients { try walk(latent) } }

    /// One pass, whose gradients are added to ``buffers``.
    ///
    /// - Parameters:
    ///   - latent: `[N, 16, h, w]` in ``dtype``.
    ///   - scale: What the gradients are multiplied by, such as one over the batches of an update.
    ///   - loss: The loss, a scalar, of the prediction `[N, 16, h, w]`.
    /// - Returns: The loss, detached and not scaled, on the device.
    package func accumulateGradients(
        _ latent: Tensor, scale: Double, loss: (Tensor) throws -> Tensor
    ) throws -> Tensor {
        let value =
            try gradientCheckpointing
            ? walk.checkpointed(latent, scale, gradients, loss) : walk.recorded(latent, scale, gradients, loss)
        return try value.detached()
    }

    /// Float32 by diffusers' keys, sharing the masters' memory: the state dict of ``form``, or for LoRA the adapters.
    package func state() throws -> [(key: String, tensor: Tensor)] {
        try constantState() + buffers.flatMap { try $0.views(of: $0.master) }
    }

    /// What of ``state()`` is not trained.
    package func constantState() throws -> [(key: String, tensor: Tensor)] {
        constants.map { (key: $0.key, tensor: $0.value) }
    }
}
