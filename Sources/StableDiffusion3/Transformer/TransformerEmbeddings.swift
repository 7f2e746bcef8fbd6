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

    /// The tokens of a latent and of the prompt, and the conditioning vector.
    func callAsFunction(
        _ latent: Tensor, timestep: Double, prompt: PromptEmbeddings
    ) throws -> TransformerTokens {
        TransformerTokens(
            x: try posEmbed(latent), context: try contextEmbedder(prompt.tokens).expand([latent.size(0), -1, -1]),
            temb: try timeTextEmbed(timestep: timestep, pooled: prompt.pooled))
    }
}
