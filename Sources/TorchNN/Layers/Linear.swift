package import Torch

/// `x · weightᵀ + bias` over the last axis.
package struct Linear {
    /// `[out, in]`, in the dtype that ``precision`` asks for.
    package let weight: Tensor
    /// `[out]`
    package let bias: Tensor?
    /// What is added to the layer in training without being part of its weight.
    package let adapter: LowRankAdapter?
    /// What the product is computed in.
    package let precision: Precision
    /// Of the rows of an eight-bit weight, `[out]`.
    private let scales: Tensor?

    package init(weight: Tensor, bias: Tensor?) {
        (self.weight, self.bias, adapter, precision, scales) = (weight, bias, nil, .exact, nil)
    }

    /// Takes `weight` and, unless told otherwise, `bias`; and an adapter where there is one. The weights say in what precision.
    package init(_ weights: Weights, _ inputCount: Int, _ outputCount: Int, bias: Bool = true) throws {
        precision = weights.precision
        let weight = try weights.tensor("weight", shape: [outputCount, inputCount])
        let bias = bias ? try weights.tensor("bias", shape: [outputCount]) : nil
        switch precision {
        case .exact: (self.weight, self.bias, scales) = (weight, bias, nil)
        case .fast: (self.weight, self.bias, scales) = (try weight.to(.bfloat16), try bias?.to(.bfloat16), nil)
        case .int8:
            (self.weight, scales) = try weight.quantizeRows()
            self.bias = bias
        }
        adapter = try LowRankAdapter(weights, inputCount, outputCount)
    }

    /// The weight with the adapter made part of it.
    package func mergedWeight() throws -> Tensor {
        try adapter.map { try LowRankAdapter.merged(weight, a: $0.a, b: $0.b) } ?? weight
    }

    /// `[..., in]` to `[..., out]`.
    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        let y = try product(x)
        return try adapter.map { try y + $0(x) } ?? y
    }

    private func product(_ x: Tensor) throws -> Tensor {
        if let scales { return try linearInt8(x, weight: weight, scales: scales, bias: bias) }
        guard precision == .fast else { return try linear(x, weight: weight, bias: bias) }
        return try linear(x.to(.bfloat16), weight: weight, bias: bias).to(x.dtype)
    }
}
