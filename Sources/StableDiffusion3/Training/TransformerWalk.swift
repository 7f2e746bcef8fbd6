import Torch

/// A transformer for training as a walk over its blocks, the same for every form of it.
///
/// With recomputation a block's activations live only while it is at work: forward keeps the blocks' inputs alone, and backward runs each
/// block again before its gradients are taken. The gradients are the same to rounding.
struct TransformerWalk {
    /// What goes from block to block.
    struct Hidden {
        /// Picture tokens `[N, T, D]`.
        var x: Tensor
        /// Prompt tokens `[N, S, D]`.
        var context: Tensor
        /// The conditioning vector `[1, D]`; none where it is folded into the weights.
        var conditioning: Tensor?
    }

    /// A latent `[N, 16, h, w]` to tokens.
    let embed: (Tensor) throws -> Hidden
    /// New picture tokens and, but for the last block, prompt tokens.
    let blocks: [(Hidden) throws -> (x: Tensor, context: Tensor?)]
    /// Tokens to a latent of the shape of the given one.
    let output: (Hidden, Tensor) throws -> Tensor
    /// Whether something before the blocks is trained.
    let trainsEmbedding: Bool

    /// One pass; records what the gradient mode says.
    func callAsFunction(_ latent: Tensor) throws -> Tensor {
        var hidden = try embed(latent)
        for block in blocks { try step(block, &hidden) }
        return try output(hidden, latent)
    }

    private func step(_ block: (Hidden) throws -> (x: Tensor, context: Tensor?), _ hidden: inout Hidden) throws {
        let (x, context) = try block(hidden)
        hidden.x = x
        if let context { hidden.context = context }
    }

    /// Records everything, then goes back through all of it. Gives the loss.
    func recorded(_ latent: Tensor, _ scale: Double, _ loss: (Tensor) throws -> Tensor) throws -> Tensor {
        try withGradients {
            let value = try loss(self(latent))
            try (value * scale).backward()
            return value
        }
    }

    /// Keeps the blocks' inputs, then goes back block by block. Gives the loss.
    func recomputed(_ latent: Tensor, _ scale: Double, _ loss: (Tensor) throws -> Tensor) throws -> Tensor {
        var hidden = try withoutGradients { try embed(latent) }
        var inputs: [(x: Tensor, context: Tensor)] = []
        for block in blocks {
            inputs.append((hidden.x, hidden.context))
            try withoutGradients { try step(block, &hidden) }
        }
        // Every block adds to this leaf's gradient.
        if trainsEmbedding { hidden.conditioning = try hidden.conditioning.map(leaf) }
        hidden.x = try leaf(hidden.x)
        let value = try withGradients {
            let value = try loss(output(hidden, latent))
            try (value * scale).backward()
            return value
        }
        var gradient = try self.gradient(of: hidden.x)
        var contextGradient: Tensor?
        while let input = inputs.popLast() {
            (hidden.x, hidden.context) = (try leaf(input.x), try leaf(input.context))
            try withGradients {
                let (x, context) = try blocks[inputs.count](hidden)
                if let context, let contextGradient {
                    try backward(from: [x, context], gradients: [gradient, contextGradient])
                } else {
                    try backward(from: [x], gradients: [gradient])
                }
            }
            (gradient, contextGradient) = (try self.gradient(of: hidden.x), try self.gradient(of: hidden.context))
        }
        guard trainsEmbedding else { return value }
        try withGradients {
            let first = try embed(latent)
            try backward(
                from: [first.x, first.context, first.conditioning].compactMap(\.self),
                gradients: [gradient, contextGradient, hidden.conditioning.map { try self.gradient(of: $0) }]
                    .compactMap(\.self))
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
}
