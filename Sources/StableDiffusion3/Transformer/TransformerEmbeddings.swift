import Torch
import TorchNN

/// What comes before the blocks of ``SD3Transformer2DModel``.
struct TransformerEmbeddings {
    let posEmbed: PatchEmbed
    let timeTextEmbed: TimestepTextEmbedding
    let contextEmbedder: Linear

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration) throws {
        posEmbed = try PatchEmbed(weights["pos_embed"], configuration)
        timeTextEmbed = try TimestepTextEmbedding(weights["time_text_embed"], configuration)
        contextEmbedder = try Linear(
            weights["context_embedder"], configuration.jointAttentionDim, configuration.captionProjectionDim)
    }

    /// Picture tokens `[N, T, D]`, prompt tokens `[N, S, D]` and the conditioning vector `[1, D]`.
    func callAsFunction(
        _ latent: Tensor, timestep: Double, prompt: PromptEmbeddings
    ) throws -> (x: Tensor, context: Tensor, conditioning: Tensor) {
        (
            try posEmbed(latent), try contextEmbedder(prompt.tokens).expand([latent.size(0), -1, -1]),
            try timeTextEmbed(timestep: timestep, pooled: prompt.pooled)
        )
    }
}
