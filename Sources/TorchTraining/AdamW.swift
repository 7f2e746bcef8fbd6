package import Torch

/// AdamW (Loshchilov and Hutter, arXiv 1711.05101) by torch's fused kernel, part by part.
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
    package let state: TrainedState
    /// The updates so far.
    package internal(set) var stepCount = 0

    package init(_ state: TrainedState, _ settings: Settings = Settings()) throws {
        (self.state, self.settings) = (state, settings)
        for slot in [StateSlot.expAvg, .expAvgSq] { try state.create(slot) }
    }

    /// Updates every part by its gradient, which is then zero.
    ///
    /// - Parameters:
    ///   - factor: What the gradients are multiplied by before, such as that of ``GradientClip``.
    ///   - didUpdate: Called with each part's number and new masters.
    package func step(
        learningRate: Double, factor: Tensor? = nil, didUpdate: (Int, Tensor) throws -> Void = { _, _ in }
    ) throws {
        let slots = [StateSlot.gradient, .expAvg, .expAvgSq, .master, .average]
        for part in state.parts {
            if part.index + 1 < state.parts.count { try state.storage.expect(slots, of: part.index + 1) }
            let start = Trace.begin
            try state.storage.with(
                [.gradient: .cleared, .expAvg: .changed, .expAvgSq: .changed, .master: .changed], of: part.index
            ) { slots in
                let (gradient, master) = (try part.ownGradient(slots[0]), slots[3])
                if let factor { try gradient.multiplyInPlace(factor.to(device: gradient.device)) }
                try fusedAdamWInPlace(
                    parameters: [master], gradients: [gradient], expAvgs: [slots[1]], expAvgSqs: [slots[2]],
                    steps: [Tensor.full([], Double(stepCount), device: master.device)], learningRate: learningRate,
                    beta1: settings.beta1, beta2: settings.beta2, weightDecay: settings.weightDecay, eps: settings.eps)
                try didUpdate(part.index, master)
            }
            try part.didUpdate()
            // The weights of one part are gathered while the next one is updated, for gathering takes memory.
            if part.index > 0 { try state.parts[part.index - 1].weights.settle() }
            Trace.note("AdamW \(part.index)", on: .hostOptimizer, since: start)
        }
        stepCount += 1
    }
}

/// What scales gradients so that their norm is at most a limit, as torch's `clip_grad_norm_`.
package struct GradientClip {
    /// The norm before, a scalar on the device; not finite when a gradient is not.
    package let norm: Tensor
    /// What the gradients are to be multiplied by.
    package let factor: Tensor

    /// - Parameter scale: What the gradients were multiplied by so far and are not meant to be.
    package init(_ state: TrainedState, limit: Double, scale: Double = 1) throws {
        norm = try state.gradientNorm() * (1 / scale)
        factor = try (Tensor.full([], limit, device: norm.device) / (norm + 1e-6)).clamp(0...1) * (1 / scale)
    }
}
