import Torch
import TorchNN

/// ``SD3Transformer2DModel`` for training on one timestep and prompt: its weights lie in one buffer a block, and a pass leaves
/// gradients there.
///
/// The trunk is walked block by block. With recomputation a block's activations live only while it is at work: forward keeps the blocks'
/// inputs alone, and backward runs each block again before its gradients are taken. The gradients are the same to rounding.
public final class TrainableTransformer {
    public let configuration: SD3TransformerConfiguration
    /// The embeddings, the blocks, the output layers, in this order.
    public let buffers: [ParameterBuffer]
    /// Whether blocks are run again for their gradients.
    public let recomputes: Bool
    /// What is computed in.
    public let dtype: DType

    private let embeddings: TransformerEmbeddings
    private let blocks: [JointTransformerBlock]
    private let output: TransformerOutput
    /// The position table, which is not trained.
    private let positionTable: Tensor
    private let prompt: PromptEmbeddings
    private let timestep: Double

    private static let positionKey = "pos_embed.pos_embed"

    /// Copies the weights of the published form.
    ///
    /// - Parameters:
    ///   - tensors: By diffusers' keys, in any dtype.
    ///   - dtype: What to compute in; the masters are float32.
    /// - Throws: `WeightsError` when a weight is missing, superfluous or of another shape; `TorchError`.
    public init(
        _ configuration: SD3TransformerConfiguration, _ tensors: [String: Tensor], dtype: DType, device: Device,
        timestep: Double, prompt: PromptEmbeddings, recomputes: Bool
    ) throws {
        // Checks every key and shape at once.
        _ = try SD3Transformer2DModel(configuration, Weights(tensors, dtype: .float32))
        guard let table = tensors[Self.positionKey] else {
            throw WeightsError.missing(key: Self.positionKey, file: "the weights")
        }
        (self.configuration, self.recomputes, self.dtype) = (configuration, recomputes, dtype)
        (self.timestep, self.prompt) = (timestep, try prompt.to(dtype, device: device))
        positionTable = try table.to(.float32, device: device)

        let blockPrefixes = (0..<configuration.numLayers).map { "transformer_blocks.\($0)." }
        let outputKeys = ["norm_out.", "proj_out."]
        let trained = tensors.filter { $0.key != Self.positionKey }
        func buffer(_ prefix: String, _ belongs: (String) -> Bool) throws -> ParameterBuffer {
            let weights = trained.filter { belongs($0.key) }.sorted { $0.key < $1.key }
                .map { (name: String($0.key.dropFirst(prefix.count)), tensor: $0.value) }
            return try ParameterBuffer(prefix: prefix, weights, dtype: dtype, device: device)
        }
        func isOutput(_ key: String) -> Bool { outputKeys.contains { key.hasPrefix($0) } }
        let first = try buffer("") { !$0.hasPrefix("transformer_blocks.") && !isOutput($0) }
        let trunk = try blockPrefixes.map { prefix in try buffer(prefix) { $0.hasPrefix(prefix) } }
        let last = try buffer("", isOutput)
        buffers = [first] + trunk + [last]

        var embedded = first.leaves
        embedded[Self.positionKey] = positionTable
        func weights(_ leaves: [String: Tensor]) -> Weights { Weights(leaves, dtype: dtype, device: device) }
        embeddings = try TransformerEmbeddings(weights(embedded), configuration)
        blocks = try trunk.enumerated().map { index, buffer in
            try JointTransformerBlock(weights(buffer.leaves), configuration, index: index)
        }
        output = try TransformerOutput(weights(last.leaves), configuration)
    }

    /// One pass without gradients: latent `[N, 16, h, w]` in ``dtype`` to the same shape.
    public func callAsFunction(_ latent: Tensor) throws -> Tensor {
        try withoutGradients {
            var (x, context, conditioning) = try embeddings(latent, timestep: timestep, prompt: prompt)
            for block in blocks {
                let (next, nextContext) = try block(x, context: context, conditioning: conditioning)
                x = next
                if let nextContext { context = nextContext }
            }
            return try output(x, conditioning: conditioning, like: latent)
        }
    }

    /// One pass, whose gradients are added to ``buffers``.
    ///
    /// - Parameters:
    ///   - latent: `[N, 16, h, w]` in ``dtype``.
    ///   - scale: What the gradients are multiplied by, such as one over the batches of an update.
    ///   - loss: The loss, a scalar, of the prediction `[N, 16, h, w]`.
    /// - Returns: The loss, detached and not scaled, on the device.
    public func accumulateGradients(
        _ latent: Tensor, scale: Double, loss: (Tensor) throws -> Tensor
    ) throws -> Tensor {
        let value = try recomputes ? recomputed(latent, scale, loss) : recorded(latent, scale, loss)
        for buffer in buffers { try buffer.accumulate() }
        return try value.detached()
    }

    /// Records everything, then goes back through all of it.
    private func recorded(_ latent: Tensor, _ scale: Double, _ loss: (Tensor) throws -> Tensor) throws -> Tensor {
        try withGradients {
            var (x, context, conditioning) = try embeddings(latent, timestep: timestep, prompt: prompt)
            for block in blocks {
                let (next, nextContext) = try block(x, context: context, conditioning: conditioning)
                x = next
                if let nextContext { context = nextContext }
            }
            let value = try loss(output(x, conditioning: conditioning, like: latent))
            try (value * scale).backward()
            return value
        }
    }

    /// Keeps the blocks' inputs, then goes back block by block.
    private func recomputed(_ latent: Tensor, _ scale: Double, _ loss: (Tensor) throws -> Tensor) throws -> Tensor {
        var (x, context, conditioning) = try withoutGradients {
            try embeddings(latent, timestep: timestep, prompt: prompt)
        }
        var inputs: [(x: Tensor, context: Tensor)] = []
        for block in blocks {
            inputs.append((x, context))
            let (next, nextContext) = try withoutGradients {
                try block(x, context: context, conditioning: conditioning)
            }
            x = next
            if let nextContext { context = nextContext }
        }
        // Every block adds to this leaf's gradient.
        conditioning = try leaf(conditioning)
        let last = try leaf(x)
        let value = try withGradients {
            let value = try loss(output(last, conditioning: conditioning, like: latent))
            try (value * scale).backward()
            return value
        }
        var gradient = try self.gradient(of: last)
        var contextGradient: Tensor?
        while let input = inputs.popLast() {
            let (blockX, blockContext) = (try leaf(input.x), try leaf(input.context))
            try withGradients {
                let (next, nextContext) = try blocks[inputs.count](
                    blockX, context: blockContext, conditioning: conditioning)
                if let nextContext, let contextGradient {
                    try backward(from: [next, nextContext], gradients: [gradient, contextGradient])
                } else {
                    try backward(from: [next], gradients: [gradient])
                }
            }
            (gradient, contextGradient) = (try self.gradient(of: blockX), try self.gradient(of: blockContext))
        }
        try withGradients {
            let first = try embeddings(latent, timestep: timestep, prompt: prompt)
            try backward(
                from: [first.x, first.context, first.conditioning],
                gradients: [gradient, contextGradient, self.gradient(of: conditioning)].compactMap(\.self))
        }
        return value
    }

    private func leaf(_ tensor: Tensor) throws -> Tensor {
        let leaf = try tensor.detached()
        try leaf.setRequiresGradient()
        return leaf
    }

    private func gradient(of leaf: Tensor) throws -> Tensor {
        guard let gradient = try leaf.gradient() else {
            preconditionFailure("a block does not depend on its input")
        }
        return gradient
    }

    /// The weights by diffusers' keys, float32, sharing the masters' memory.
    public func state() throws -> [(key: String, tensor: Tensor)] {
        try [(Self.positionKey, positionTable)] + buffers.flatMap { try $0.state() }
    }
}
