import Torch

/// A transformer as a walk over its blocks: the one way through every form of it, wherever its weights are, trained or not.
struct TransformerWalk {
    /// A latent `[N, 16, h, w]` to tokens.
    let embed: (Tensor) throws -> TransformerTokens
    let blocks: any BlockProvider
    /// Tokens to a latent of the shape of the given one, or what another head makes of them.
    let output: (TransformerTokens, Tensor) throws -> Tensor

    /// One pass; records what the gradient mode says.
    func callAsFunction(_ latent: Tensor) throws -> Tensor {
        var tokens = try embed(latent)
        for index in 0..<blocks.count { try Trace.span("forward \(index)") { try step(index, &tokens) } }
        return try output(tokens, latent)
    }

    private func step(_ index: Int, _ tokens: inout TransformerTokens) throws {
        let (x, context) = try withBlock(index) { try $0(tokens) }
        tokens.x = x
        if let context { tokens.context = context }
    }

    private func withBlock<R>(_ index: Int, _ body: (any TransformerBlock) throws -> R) throws -> R {
        let block = try blocks.acquire(index)
        defer { blocks.release(index) }
        return try body(block)
    }

    /// Records everything, then goes back through all of it. Gives the loss.
    ///
    /// The activations of all blocks live until then, and in half precision so do the working gradients of all of them.
    func recorded(
        _ latent: Tensor, _ scale: Double, _ parts: TransformerParts, _ loss: (Tensor) throws -> Tensor
    ) throws -> Tensor {
        for part in parts.trained { try parts.beginGradient(part) }
        let value = try withGradients {
            let value = try loss(self(latent))
            try (value * scale).backward()
            return value
        }
        for part in parts.trained { try parts.endGradient(part) }
        return value
    }

    /// Keeps the blocks' inputs, then goes back block by block, each of which runs again before its gradients are taken (activation
    /// recomputation). Gives the loss.
    ///
    /// A block's activations and, in half precision, its working gradients live only while it is at work. The gradients are those of
    /// ``recorded(_:_:_:_:)`` to rounding.
    func checkpointed(
        _ latent: Tensor, _ scale: Double, _ parts: TransformerParts, _ loss: (Tensor) throws -> Tensor
    ) throws -> Tensor {
        var tokens = try withoutGradients { try embed(latent) }
        var inputs: [(x: Tensor, context: Tensor)] = []
        for index in 0..<blocks.count {
            inputs.append((tokens.x, tokens.context))
            try Trace.span("forward \(index)") { try withoutGradients { try step(index, &tokens) } }
        }
        // Every block adds to this leaf's gradient.
        if parts.trains(.embedding) { tokens.temb = try tokens.temb.map(leaf) }
        tokens.x = try leaf(tokens.x)
        parts.isGoingBack = true
        try parts.beginGradient(.output)
        let value = try withGradients {
            let value = try loss(output(tokens, latent))
            try (value * scale).backward()
            return value
        }
        try parts.endGradient(.output)
        // Nothing before the head is trained.
        guard parts.trained.contains(where: { $0 != .output }) else { return value }
        var gradient = try self.gradient(of: tokens.x)
        var contextGradient: Tensor?
        while let input = inputs.popLast() {
            let index = inputs.count
            let start = Trace.begin
            (tokens.x, tokens.context) = (try leaf(input.x), try leaf(input.context))
            try parts.beginGradient(.block(index))
            try withBlock(index) { block in
                try withGradients {
                    let (x, context) = try block(tokens)
                    if let context, let contextGradient {
                        try backward(from: [x, context], gradients: [gradient, contextGradient])
                    } else {
                        try backward(from: [x], gradients: [gradient])
                    }
                }
            }
            try parts.endGradient(.block(index))
            (gradient, contextGradient) = (try self.gradient(of: tokens.x), try self.gradient(of: tokens.context))
            Trace.note("backward \(index)", on: .compute, since: start)
        }
        guard parts.trains(.embedding) else { return value }
        try parts.beginGradient(.embedding)
        try withGradients {
            let first = try embed(latent)
            try backward(
                from: [first.x, first.context, first.temb].compactMap(\.self),
                gradients: [gradient, contextGradient, tokens.temb.map { try self.gradient(of: $0) }]
                    .compactMap(\.self))
        }
        try parts.endGradient(.embedding)
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
