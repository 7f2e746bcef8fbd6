package import Torch
import TorchNN

extension AutoencoderKL {
    /// A loss of what latents are decoded to, and its gradient with respect to them: the frozen decoder runs stage by stage, and each stage again for
    /// its gradient (activation recomputation), so that one stage's activations are in memory at a time.
    ///
    /// - Parameters:
    ///   - latents: `[N, C, h, w]` as the VAE has them, in its dtype.
    ///   - loss: A scalar, of the picture `[N, 3, H, W]`, about −1…1 and not clamped.
    /// - Returns: The loss, detached, and the gradient `[N, C, h, w]`.
    package func decodedLoss(
        _ latents: Tensor, _ loss: (Tensor) throws -> Tensor
    ) throws -> (value: Tensor, gradient: Tensor) {
        guard let decoder else { preconditionFailure("the VAE was loaded without its decoder") }
        let stages = decoder.stages
        var inputs = [try laidOut(latents.detached())]
        try withoutGradients {
            for stage in stages.dropLast() {
                // A copy, for a stage may use up the memory of what it is given.
                inputs.append(try stage(inputs[inputs.count - 1].clone()))
            }
        }
        func leaf(_ tensor: Tensor) throws -> Tensor {
            let leaf = try tensor.detached()
            try leaf.setRequiresGradient()
            return leaf
        }
        return try withGradients {
            let last = try leaf(inputs.removeLast())
            let value = try loss(stages[stages.count - 1](last).contiguous())
            try value.backward()
            var gradient = try gradientOf(last)
            while let input = inputs.popLast() {
                let input = try leaf(input)
                try backward(from: [stages[inputs.count](input)], gradients: [gradient])
                gradient = try gradientOf(input)
            }
            return (try value.detached(), try gradient.contiguous())
        }
    }
}

private func gradientOf(_ leaf: Tensor) throws -> Tensor {
    guard let gradient = try leaf.gradient() else { preconditionFailure("what is decoded depends on the latents") }
    return gradient
}

extension AutoencoderKL.Decoder {
    /// What ``callAsFunction(_:)`` does, resolution by resolution.
    fileprivate var stages: [(Tensor) throws -> Tensor] {
        [{ try midBlock(convIn($0)) }] + upBlocks.map { block in { try block($0) } }
            + [{ try convOut(convNormOut.thenSilu($0)) }]
    }
}
