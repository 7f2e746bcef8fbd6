package import Torch
import TorchNN
package import TorchTraining

/// A transformer for training on one timestep and prompt: what is trained of it is in a ``TrainedState``, and a pass leaves gradients there.
package final class TrainableTransformer {
    package let configuration: SD3TransformerConfiguration
    package let form: TrainedForm
    /// Of the embeddings, the blocks and the output layers with the head, in this order; of LoRA the blocks and the head alone.
    package let trained: TrainedState
    /// Whether blocks are run again for their gradients.
    package let gradientCheckpointing: Bool
    /// What is computed in.
    package let dtype: DType
    /// What is trained after the last norm, besides what ``form`` says.
    package let head: HeadForm

    private let walk: TransformerWalk
    private let parts: TransformerParts
    /// What belongs to ``state()`` but is not trained: the positional embedding, and the output projection where a readout takes its place.
    private let constants: [String: Tensor]

    package static let positionKey = "pos_embed.pos_embed"
    private static let projectionKeys: Set = ["proj_out.weight", "proj_out.bias"]

    /// Copies weights.
    ///
    /// - Parameters:
    ///   - tensors: The state dict of the form that is trained, plain or folded, each weight in any dtype.
    ///   - adapters: For LoRA, what an earlier run came to; nil for fresh ones.
    ///   - head: What is trained after the last norm; nil for the transformer's own projection.
    ///   - dtype: What to compute in; the masters are float32.
    ///   - prompt: What the plain form needs and the folded one has in it.
    ///   - seed: Of fresh adapters.
    ///   - storage: Where the state of training is; nil for the device's memory.
    ///   - sharding: How processes that train together share it; each then gives a pass a part of the batch.
    ///   - keepsWeights: Whether a copy of the weights to compute with is kept where one is needed.
    ///   - releasePages: Called when a part of `tensors` has been copied, and need not be in memory any more.
    /// - Throws: `WeightsError` when a weight is missing, superfluous or of another shape; ``ModelError``; `TorchError`.
    package init(
        _ configuration: SD3TransformerConfiguration, _ tensors: [String: Tensor], form: TrainedForm = .all,
        adapters: [String: Tensor]? = nil, head: HeadWeights? = nil, dtype: DType, device: Device, timestep: Double,
        prompt: PromptEmbeddings?,
        gradientCheckpointing: Bool, seed: UInt32 = 0, storage: (any StateStorage)? = nil,
        sharding: Sharding = Sharding(), keepsWeights: Bool = true, releasePages: () -> Void = {}
    ) throws {
        // Checks every key and shape at once.
        let checked = Weights(unconverted: tensors)
        switch form {
        case .folded, .head: _ = try FoldedTransformer(configuration, checked)
        case .all, .lora: _ = try SD3Transformer2DModel(configuration, checked)
        }
        guard let table = tensors[Self.positionKey] else {
            throw WeightsError.missing(key: Self.positionKey, file: "the weights")
        }
        let head = head ?? HeadWeights(.projection, [:])
        _ = try OutputHead(head.form, Weights(unconverted: head.tensors))
        (self.configuration, self.form, self.gradientCheckpointing, self.dtype) = (
            configuration, form, gradientCheckpointing, dtype
        )
        self.head = head.form

        // A copy, for a view would keep the whole file in memory.
        let ownTable = try table.to(.float32, device: device).clone()
        var weights: [String: Tensor]
        let frozen: [String: Tensor]
        switch form {
        case .lora(let rank, let targets):
            weights = try adapters ?? LowRankAdapters.fresh(for: tensors, rank: rank, targets: targets, seed: seed)
            constants = [:]
            frozen = try tensors.mapValues { try $0.to(dtype, device: device) }
        case .head:
            (weights, constants) = ([:], [:])
            frozen = try tensors.mapValues { try $0.to(dtype, device: device) }
        case .all, .folded:
            let unused = head.form.replacesProjection ? Self.projectionKeys : []
            weights = tensors.filter { $0.key != Self.positionKey && !unused.contains($0.key) }
            let kept = try tensors.filter { unused.contains($0.key) }
                .mapValues { try $0.to(.float32, device: device).clone() }
            constants = kept.merging([Self.positionKey: ownTable]) { $1 }
            frozen = try constants.mapValues { try $0.to(dtype) }
        }
        weights.merge(head.prefixed) { $1 }
        let members = TransformerPart.all(blockCount: configuration.numLayers)
            .map { part in
                let own = weights.filter { TransformerPart(key: $0.key) == part }.sorted { $0.key < $1.key }
                return (part: part, weights: own.map { (String($0.key.dropFirst(part.prefix.count)), $0.value) })
            }
            .filter { !$0.weights.isEmpty }
        let trained = try TrainedState(
            members.map { (prefix: $0.part.prefix, weights: $0.weights) }, dtype: dtype, device: device,
            storage: storage, sharding: sharding, sharesScratch: gradientCheckpointing, keepsWeights: keepsWeights,
            releasePages: releasePages)
        let parts = TransformerParts(
            blockCount: configuration.numLayers, frozen: frozen,
            trained: zip(members, trained.parts).map { ($0.part, $1) }, dtype: dtype, device: device)
        (self.trained, self.parts) = (trained, parts)
        let headForm = head.form
        func trainedHead(_ weights: Weights) throws -> OutputHead {
            try OutputHead(headForm, headForm.folder.map { weights[$0] } ?? weights)
        }
        if form.transformerForm == .folded {
            walk = TransformerWalk(
                embed: { latent in try parts.with(.embedding) { try FoldedEmbeddings($0, configuration)(latent) } },
                blocks: TrainedBlocks(parts: parts) { try FoldedJointBlock($0, configuration, index: $1) },
                output: { tokens, latent in
                    try parts.with(.output) {
                        try FoldedOutput($0, configuration)(tokens.x, like: latent, head: trainedHead($0))
                    }
                })
        } else {
            guard let prompt = try prompt?.to(dtype, device: device) else {
                preconditionFailure("the plain form needs a prompt")
            }
            walk = TransformerWalk(
                embed: { latent in
                    try parts.with(.embedding) {
                        try TransformerEmbeddings($0, configuration)(latent, timestep: timestep, prompt: prompt)
                    }
                },
                blocks: TrainedBlocks(parts: parts) { try JointTransformerBlock($0, configuration, index: $1) },
                output: { tokens, latent in
                    guard let temb = tokens.temb else {
                        preconditionFailure("the plain form has a conditioning vector")
                    }
                    return try parts.with(.output) {
                        try TransformerOutput($0, configuration)(
                            tokens.x, temb: temb, like: latent, head: trainedHead($0))
                    }
                })
        }
    }

    /// One pass without gradients: latent `[N, 16, h, w]` in ``dtype`` to the same shape, or to what ``head`` gives.
    ///
    /// With ``Sharding/Stage/full`` all processes do this together.
    package func callAsFunction(_ latent: Tensor) throws -> Tensor {
        parts.isGoingBack = false
        return try withoutGradients { try walk(latent) }
    }

    /// One pass, whose gradients are added to those in ``trained``.
    ///
    /// - Parameters:
    ///   - latent: `[N, 16, h, w]` in ``dtype``.
    ///   - scale: What the gradients are multiplied by, such as one over the batches of an update on all processes.
    ///   - isLast: Whether the gradients are used after this pass. All processes pass the same.
    ///   - loss: The loss, a scalar, of the prediction: a latent `[N, 16, h, w]`, or what ``head`` gives.
    /// - Returns: The loss, detached and not scaled, on the device.
    package func accumulateGradients(
        _ latent: Tensor, scale: Double, isLast: Bool = true, loss: (Tensor) throws -> Tensor
    ) throws -> Tensor {
        (parts.isGoingBack, parts.isLastPass) = (false, isLast)
        let value =
            try gradientCheckpointing
            ? walk.checkpointed(latent, scale, parts, loss) : walk.recorded(latent, scale, parts, loss)
        return try value.detached()
    }

    /// Takes the masters of the parts that are whole in `tensors`, by the keys of ``state()``.
    package func take(_ tensors: [String: Tensor]) throws {
        for part in trained.parts
        where part.layout.names.allSatisfy({ tensors[part.layout.prefix + $0] != nil }) {
            try trained.put(tensors, in: .master, of: part.index)
        }
    }

    /// Float32 by diffusers' keys, sharing the masters' memory: the state dict of ``form``, or for LoRA the adapters; and the
    /// head's, with its prefix.
    package func state() throws -> [(key: String, tensor: Tensor)] {
        try constantState() + trained.views(of: .master)
    }

    /// What of ``state()`` is not trained.
    package func constantState() throws -> [(key: String, tensor: Tensor)] {
        constants.map { (key: $0.key, tensor: $0.value) }
    }
}
