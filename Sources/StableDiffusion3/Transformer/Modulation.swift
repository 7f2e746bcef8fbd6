import Torch
package import TorchNN

/// Scale and shift of a normalized token, `[N, 1, D]` each: `norm(x) · (1 + scale) + shift`.
struct Modulation {
    let shift: Tensor
    let scale: Tensor

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let y = try x * (scale + 1)
        try y.addInPlace(shift)
        return y
    }
}

/// The linear layer that turns the conditioning vector into modulation vectors (the `linear` of diffusers'
/// `AdaLayerNormZero`, `SD35AdaLayerNormZeroX` and `AdaLayerNormContinuous`, version 0.35.2).
package struct AdaLayerNorm {
    package let linear: Linear
    /// How many vectors of width D the layer gives.
    package let vectorCount: Int

    init(_ weights: Weights, _ width: Int, vectorCount: Int) throws {
        linear = try Linear(weights["linear"], width, vectorCount * width)
        self.vectorCount = vectorCount
    }

    /// The conditioning vector `[N, D]` to `vectorCount` vectors `[N, 1, D]`.
    func callAsFunction(_ temb: Tensor) throws -> [Tensor] {
        try linear(temb.silu()).unsqueeze(1).chunk(vectorCount, axis: 2)
    }
}

/// Normalization without scale and shift, which the modulation brings.
func unscaledLayerNorm(_ x: Tensor) throws -> Tensor { try layerNorm(x, eps: 1e-6) }
