package import Torch

/// A product of two thin matrices that is added to a linear layer (LoRA; Hu et al., arXiv 2106.09685), with the scale 1, which is an
/// alpha equal to the rank. Keys are those of PEFT: `lora_A.weight`, `lora_B.weight`.
package struct LowRankAdapter {
    /// `[rank, in]`
    package let a: Tensor
    /// `[out, rank]`
    package let b: Tensor

    package static let aKey = "lora_A.weight"
    package static let bKey = "lora_B.weight"

    /// nil where the layer has none.
    init?(_ weights: Weights, _ inputCount: Int, _ outputCount: Int) throws {
        guard let shape = weights.shape(of: Self.aKey) else { return nil }
        let rank = shape.first ?? 0
        a = try weights.tensor(Self.aKey, shape: [rank, inputCount])
        b = try weights.tensor(Self.bKey, shape: [outputCount, rank])
    }

    /// `[..., in]` to `[..., out]`.
    func callAsFunction(_ x: Tensor) throws -> Tensor { try linear(linear(x, weight: a), weight: b) }

    /// A layer's weight `[out, in]` with the adapter made part of it, float32: half precision would swallow small changes.
    package static func merged(_ weight: Tensor, a: Tensor, b: Tensor) throws -> Tensor {
        try weight.to(.float32) + matmul(b.to(.float32), a.to(.float32))
    }
}
