package import Torch
package import TorchNN

// Legend for this folder: N pictures, C channels, h × w latent positions, T = h/p · w/p picture tokens for patches of
// side p, S prompt tokens, D token width, H heads, d head width.

/// Cuts a latent into patches and adds the positional embedding's middle (diffusers 0.35.2 `PatchEmbed` with cropping).
package struct PatchEmbed {
    /// Convolution whose kernel and stride are the patch.
    package let proj: Conv2d
    /// The positional embedding `[1, side², D]`.
    package let posEmbed: Tensor
    private let side: Int
    private let patchSize: Int

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration) throws {
        patchSize = configuration.patchSize
        side = configuration.posEmbedMaxSize
        proj = try Conv2d(
            weights["proj"], configuration.inChannels, configuration.innerDim, kernelSize: patchSize,
            stride: patchSize)
        posEmbed = try weights.tensor("pos_embed", shape: [1, side * side, configuration.innerDim]) {
            try PositionTable.make(configuration)
        }
    }

    /// `[N, C, h, w]` to `[N, T, D]`.
    package func callAsFunction(_ latent: Tensor) throws -> Tensor {
        let tokens = try proj(latent)
        let (height, width) = (tokens.size(2), tokens.size(3))
        // In order, or every sum after this one would have the strides of the transposed view, and norms would copy it.
        return try tokens.reshape([tokens.size(0), tokens.size(1), height * width]).transpose(1, 2).contiguous()
            + positions(height: height, width: width)
    }

    /// The embedding's center as `[1, height · width, D]`. Throws ``ModelError/size(_:)`` when it is too small.
    private func positions(height: Int, width: Int) throws -> Tensor {
        guard height <= side, width <= side else {
            throw ModelError.size(
                "a latent of \(width * patchSize) × \(height * patchSize) positions is larger than the model's "
                    + "positional embedding, which reaches \(side * patchSize) × \(side * patchSize)")
        }
        return try posEmbed.reshape([1, side, side, posEmbed.size(-1)])
            .narrow(1, start: (side - height) / 2, length: height)
            .narrow(2, start: (side - width) / 2, length: width)
            .reshape([1, height * width, posEmbed.size(-1)])
    }
}
