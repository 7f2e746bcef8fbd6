import Torch

/// `x · weightᵀ + bias` over the last axis.
public struct Linear {
    /// `[out, in]`
    public let weight: Tensor
    /// `[out]`
    public let bias: Tensor?

    public init(weight: Tensor, bias: Tensor?) {
        (self.weight, self.bias) = (weight, bias)
    }

    /// Takes `weight` and, unless told otherwise, `bias`.
    public init(_ weights: Weights, _ inputCount: Int, _ outputCount: Int, bias: Bool = true) throws {
        weight = try weights.tensor("weight", shape: [outputCount, inputCount])
        self.bias = bias ? try weights.tensor("bias", shape: [outputCount]) : nil
    }

    /// `[..., in]` to `[..., out]`.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try linear(x, weight: weight, bias: bias)
    }
}
