package import Torch

/// AdamW (Loshchilov and Hutter, arXiv 1711.05101) by torch's fused kernel, over parameter buffers.
package final class AdamW {
    package struct Settings: Sendable, Equatable {
        package var beta1: Double
        package var beta2: Double
        package var weightDecay: Double
        package var eps: Double

        /// The original's values.
        package init(beta1: Double = 0.9, beta2: Double = 0.999, weightDecay: Double = 0, eps: Double = 1e-15) {
            (self.beta1, self.beta2, self.weightDecay, self.eps) = (beta1, beta2, weightDecay, eps)
        }
    }

    package let settings: Settings
    package let buffers: [ParameterBuffer]
    /// First and second moments, float32, as long as the buffers.
    package let expAvgs: [Tensor]
    package let expAvgSqs: [Tensor]
    /// The updates so far, float32 scalars.
    package let steps: [Tensor]

    package init(_ buffers: [ParameterBuffer], _ settings: Settings = Settings()) throws {
        (self.buffers, self.settings) = (buffers, settings)
        expAvgs = try buffers.map { try Tensor.zeros([$0.count], device: $0.master.device) }
        expAvgSqs = try buffers.map { try Tensor.zeros([$0.count], device: $0.master.device) }
        steps = try buffers.map { try Tensor.zeros([], device: $0.master.device) }
    }

    /// Updates every buffer by its gradient, which is then zeroed.
    package func step(learningRate: Double) throws {
        try fusedAdamWInPlace(
            parameters: buffers.map(\.master), gradients: buffers.map(\.gradient), expAvgs: expAvgs,
            expAvgSqs: expAvgSqs, steps: steps, learningRate: learningRate, beta1: settings.beta1,
            beta2: settings.beta2, weightDecay: settings.weightDecay, eps: settings.eps)
        for buffer in buffers {
            try buffer.gradient.zeroInPlace()
            try buffer.refresh()
        }
    }
}

/// Scales the gradients of all buffers so that their norm is at most `limit`, as torch's `clip_grad_norm_`.
///
/// - Returns: The norm before, a scalar on the device; not finite when a gradient is not.
package func clipGradientNorm(_ buffers: [ParameterBuffer], limit: Double) throws -> Tensor {
    let norm = try globalNorm(buffers.map(\.gradient))
    let scale = try (Tensor.full([], limit, device: norm.device) / (norm + 1e-6)).clamp(0...1)
    for buffer in buffers { try buffer.gradient.multiplyInPlace(scale) }
    return norm
}
