import Torch
import TorchNN

/// What comes after the blocks of ``SD3Transformer2DModel``.
struct TransformerOutput {
    private let configuration: SD3TransformerConfiguration
    /// Two vectors: scale, then shift.
    let normOut: AdaLayerNorm
    let projOut: Linear

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration) throws {
        self.configuration = configuration
        normOut = try AdaLayerNorm(weights["norm_out"], configuration.innerDim, vectorCount: 2)
        projOut = try OutputPatches.projection(weights["proj_out"], configuration)
    }

    /// Picture tokens `[N, T, D]` to a latent of the shape of `latent`, or what another head makes of them.
    func callAsFunction(
        _ x: Tensor, temb: Tensor, like latent: Tensor, head: OutputHead = .projection
    ) throws -> Tensor {
        let vectors = try normOut(temb)
        let normed = try Modulation(shift: vectors[1], scale: vectors[0])(unscaledLayerNorm(x))
        return try head(normed, projOut, like: latent, configuration)
    }
}
