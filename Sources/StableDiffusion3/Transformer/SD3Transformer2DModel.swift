package import Torch
package import TorchNN

/// The transformer of Stable Diffusion 3 and 3.5 as it is published (diffusers 0.35.2 `SD3Transformer2DModel`; Esser et
/// al., "Scaling Rectified Flow Transformers", arXiv 2403.03206).
///
/// ``FoldedTransformer`` gives the same for one timestep and prompt with a third less weights.
package struct SD3Transformer2DModel {
    package let configuration: SD3TransformerConfiguration
    let embeddings: TransformerEmbeddings
    package let transformerBlocks: [JointTransformerBlock]
    let output: TransformerOutput

    /// Takes every weight of a state dict under diffusers' names. Throws ``WeightsError`` when one is missing, has
    /// another shape, or is left over.
    package init(_ configuration: SD3TransformerConfiguration, _ weights: Weights) throws {
        self.configuration = configuration
        embeddings = try TransformerEmbeddings(weights, configuration)
        transformerBlocks = try (0..<configuration.numLayers).map {
            try JointTransformerBlock(weights["transformer_blocks"][$0], configuration, index: $0)
        }
        output = try TransformerOutput(weights, configuration)
        try weights.finish()
    }

    /// One pass: latent `[N, 16, h, w]`, prompt `[1, S, joint]` and pooled prompt `[1, pooled]` to `[N, 16, h, w]`, all
    /// in the weights' dtype on their device.
    ///
    /// Throws ``ModelError/size(_:)`` when h or w exceeds the positional embedding.
    ///
    /// - Parameter head: What comes after the last norm; with a readout the result is logits `[N, K, H, W]`.
    package func callAsFunction(
        _ latent: Tensor, timestep: Double, prompt: PromptEmbeddings, head: OutputHead = .projection
    ) throws -> Tensor {
        try walk(timestep: timestep, prompt: prompt, head: head)(latent)
    }

    /// The way through the blocks for one timestep and prompt.
    func walk(timestep: Double, prompt: PromptEmbeddings, head: OutputHead) -> TransformerWalk {
        TransformerWalk(
            embed: { try embeddings($0, timestep: timestep, prompt: prompt) },
            blocks: ResidentBlocks(blocks: transformerBlocks),
            output: { tokens, latent in
                guard let temb = tokens.temb else {
                    preconditionFailure("the plain form has a conditioning vector")
                }
                return try output(tokens.x, temb: temb, like: latent, head: head)
            })
    }
}

/// The way from tokens back to a latent, the same in both forms of the transformer.
enum OutputPatches {
    static func projection(_ weights: Weights, _ configuration: SD3TransformerConfiguration) throws -> Linear {
        let patch = configuration.patchSize * configuration.patchSize
        return try Linear(weights, configuration.innerDim, patch * configuration.outChannels)
    }

    /// Tokens `[N, T, p·p·C]` to `[N, C, h, w]` with the latent's h and w.
    static func assemble(
        _ tokens: Tensor, like latent: Tensor, _ configuration: SD3TransformerConfiguration
    ) throws -> Tensor {
        let (p, channels) = (configuration.patchSize, configuration.outChannels)
        let (count, height, width) = (latent.size(0), latent.size(2), latent.size(3))
        return try tokens.reshape([count, height / p, width / p, p, p, channels])
            .permute([0, 5, 1, 3, 2, 4])
            .reshape([count, channels, height, width])
    }
}
