package import Torch

/// Layer normalization of the last axis, with or without scale and shift.
package struct LayerNorm {
    /// `[C]`
    package let weight: Tensor?
    /// `[C]`
    package let bias: Tensor?
    package let eps: Double

    package init(weight: Tensor? = nil, bias: Tensor? = nil, eps: Double) {
        (self.weight, self.bias, self.eps) = (weight, bias, eps)
    }

    /// Takes `weight` and `bias`.
    package init(_ weights: Weights, _ size: Int, eps: Double) throws {
        self.init(
            weight: try weights.tensor("weight", shape: [size]), bias: try weights.tensor("bias", shape: [size]),
            eps: eps)
    }

    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        try layerNorm(x, weight: weight, bias: bias, eps: eps)
    }
}

/// Root-mean-square normalization of the last axis with a scale.
///
/// In half precision the normalized value is rounded before it is scaled, as diffusers 0.35.2 `RMSNorm` does it.
package struct RMSNorm {
    /// `[C]`
    package let weight: Tensor
    package let eps: Double

    package init(weight: Tensor, eps: Double) {
        (self.weight, self.eps) = (weight, eps)
    }

    /// Takes `weight`.
    package init(_ weights: Weights, _ size: Int, eps: Double) throws {
        self.init(weight: try weights.tensor("weight", shape: [size]), eps: eps)
    }

    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        x.dtype == .float32 ? try rmsNorm(x, weight: weight, eps: eps) : try rmsNorm(x, eps: eps) * weight
    }
}

/// Group normalization of `[N, C, H, W]`.
package struct GroupNorm {
    /// `[C]`
    package let weight: Tensor
    /// `[C]`
    package let bias: Tensor
    package let groupCount: Int
    package let eps: Double

    /// Takes `weight` and `bias`.
    package init(_ weights: Weights, groupCount: Int, _ channels: Int, eps: Double) throws {
        weight = try weights.tensor("weight", shape: [channels])
        bias = try weights.tensor("bias", shape: [channels])
        (self.groupCount, self.eps) = (groupCount, eps)
    }

    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        try groupNorm(x, groupCount: groupCount, weight: weight, bias: bias, eps: eps)
    }

    /// `silu(norm(x))`, which may take the memory of `x` where that is `consumed`.
    package func thenSilu(_ x: Tensor, consumed: Bool = false) throws -> Tensor {
        try groupNormSilu(
            x, groupCount: groupCount, weight: weight, bias: bias, eps: eps, consumesInput: consumed)
    }
}
