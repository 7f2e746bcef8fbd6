import CTorch

extension Tensor {
    /// The mean of the squared differences from `target`, a scalar.
    package func meanSquaredError(_ target: Tensor) throws -> Tensor {
        try makeTensor("mse_loss", [self, target]) { ct_mse_loss(raw, target.raw, $0) }
    }

    /// Replaces every element, NaN too, by 0.
    package func zeroInPlace() throws {
        try check(ct_zero_in_place(raw), "zero_", [self])
    }

    /// The Euclidean norms of a few thousand elements each, for ``jointNorm(_:)``.
    package func partialNorms() throws -> Tensor {
        try makeTensor("partial_norms", [self]) { ct_partial_norms(raw, $0) }
    }
}

/// The Euclidean norm of all elements of all tensors together, a float32 scalar on their device.
package func globalNorm(_ tensors: [Tensor]) throws -> Tensor {
    try jointNorm(tensors.map { try $0.partialNorms() })
}

/// The norm of all tensors whose ``Tensor/partialNorms()`` are given, a float32 scalar on their device.
package func jointNorm(_ norms: [Tensor]) throws -> Tensor {
    try makeTensor("joint_norm", norms) { ct_joint_norm(norms.map(\.raw), Int32(norms.count), $0) }
}

/// One update by torch's fused AdamW, in place. The arrays go together; `steps` are float32 scalars that count updates and are
/// raised by one first.
package func fusedAdamWInPlace(
    parameters: [Tensor], gradients: [Tensor], expAvgs: [Tensor], expAvgSqs: [Tensor], steps: [Tensor],
    learningRate: Double, beta1: Double, beta2: Double, weightDecay: Double, eps: Double
) throws {
    let settings = ct_adamw(
        learning_rate: learningRate, beta1: beta1, beta2: beta2, weight_decay: weightDecay, eps: eps)
    try check(
        ct_fused_adamw_in_place(
            parameters.map(\.raw), gradients.map(\.raw), expAvgs.map(\.raw), expAvgSqs.map(\.raw), steps.map(\.raw),
            Int32(parameters.count), settings), "_fused_adamw_", parameters)
}
