package import Torch
package import TorchNN

/// The lowest resolution: two residual blocks around an attention among all positions (diffusers 0.35.2
/// `UNetMidBlock2D` with one layer).
package struct MidBlock2D {
    package let resnets: [ResnetBlock2D]
    package let attention: SpatialAttention

    init(_ weights: Weights, _ channels: Int, groupCount: Int) throws {
        resnets = try (0..<2).map {
            try ResnetBlock2D(weights["resnets"][$0], channels, channels, groupCount: groupCount)
        }
        attention = try SpatialAttention(weights["attentions.0"], channels, groupCount: groupCount)
    }

    /// `[N, C, H, W]` to `[N, C, H, W]`.
    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        try resnets[1](attention(resnets[0](x)))
    }
}

/// Attention with a single head among all positions of a feature map, added to its input.
package struct SpatialAttention {
    package let groupNorm: GroupNorm
    package let toQ: Linear
    package let toK: Linear
    package let toV: Linear
    package let toOut: Linear
    private let inBFloat16: Bool

    init(_ weights: Weights, _ channels: Int, groupCount: Int) throws {
        groupNorm = try GroupNorm(weights["group_norm"], groupCount: groupCount, channels, eps: 1e-6)
        // The layers around attention are a hundredth of a VAE's work.
        let linear = weights.precision(.exact)
        inBFloat16 = weights.precision != .exact
        toQ = try Linear(linear["to_q"], channels, channels)
        toK = try Linear(linear["to_k"], channels, channels)
        toV = try Linear(linear["to_v"], channels, channels)
        toOut = try Linear(linear["to_out.0"], channels, channels)
    }

    /// `[N, C, H, W]` to `[N, C, H, W]`.
    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        let (count, channels, height, width) = (x.size(0), x.size(1), x.size(2), x.size(3))
        let tokens = try groupNorm(x).reshape([count, channels, height * width]).transpose(1, 2)
        let attended = try scaledDotProductAttention(
            toQ(tokens).unsqueeze(1), toK(tokens).unsqueeze(1), toV(tokens).unsqueeze(1),
            inBFloat16: inBFloat16)
        let out = try toOut(attended.reshape([count, height * width, channels]))
        // The first of a sum gives it its strides: everything after this one would lie as the transposed view does.
        return try x + out.transpose(1, 2).reshape([count, channels, height, width])
    }
}
