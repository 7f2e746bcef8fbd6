import Torch

/// `x · weightᵀ + bias` over the last axis.
public struct Linear {
    /// `[out, in]`
    public let weight: Tensor
    /// `[out]`
    public let bias: Tensor?
    /// What is added to the layer in training without being part of its weight.
    public let adapter: LowRankAdapter?

    public init(weight: Tensor, bias: Tensor?) {
        (self.weight, self.bias, adapter) = (weight, bias, nil)
    }

    /// Takes `weight` and, unless told otherwise, `bias`; and an adapter where there is one.
    public init(_ weights: Weights, _ inputCount: Int, _ outputCount: Int, bias: Bool = true) throws {
        weight = try weights.tensor("weight", shape: [outputCount, inputCount])
        self.bias = bias ? try weights.tensor("bias", shape: [outputCount]) : nil
        adapter = try LowRankAdapter(weights, inputCount, outputCount)
    }

    /// The weight with the adapter made part of it.
    public func mergedWeight() throws -> Tensor {
        try adapter.map { try LowRankAdapter.merged(weight, a: $0.a, b: $0.b) } ?? weight
    }

    /// `[..., in]` to `[..., out]`.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        let y = try linear(x, weight: weight, bias: bias)
        return try adapter.map { try y + $0(x) } ?? y
    }
}
