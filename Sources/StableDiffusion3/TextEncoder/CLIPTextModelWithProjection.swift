package import Torch
package import TorchNN

/// A CLIP text encoder (transformers 4.57, class of the same name; Radford et al., arXiv 2103.00020).
package struct CLIPTextModelWithProjection {
    package let configuration: CLIPTextConfiguration
    /// `[vocabulary, D]`
    package let tokenEmbedding: Tensor
    /// `[positions, D]`
    package let positionEmbedding: Tensor
    package let layers: [CLIPEncoderLayer]
    package let finalLayerNorm: LayerNorm
    package let textProjection: Linear

    /// What one pass gives.
    package struct Output {
        /// The output of the layer before the last, before the final norm, `[1, S, D]`: diffusers' `hidden_states[-2]`.
        package let penultimate: Tensor
        /// The projected state at the end-of-text token, `[1, projection]`.
        package let textEmbeds: Tensor
    }

    /// Takes every weight of a state dict under transformers' names. Throws ``WeightsError`` when one is missing, has
    /// another shape, or is left over.
    package init(_ configuration: CLIPTextConfiguration, _ weights: Weights) throws {
        self.configuration = configuration
        let model = weights["text_model"]
        let width = configuration.hiddenSize
        tokenEmbedding = try model["embeddings.token_embedding"].tensor(
            "weight", shape: [configuration.vocabSize, width])
        positionEmbedding = try model["embeddings.position_embedding"].tensor(
            "weight", shape: [configuration.maxPositionEmbeddings, width])
        // A buffer of 0, 1, 2, … that transformers wrote before version 4.31.
        model["embeddings"].ignore("position_ids")
        layers = try (0..<configuration.numHiddenLayers).map {
            try CLIPEncoderLayer(model["encoder.layers"][$0], configuration)
        }
        finalLayerNorm = try LayerNorm(model["final_layer_norm"], width, eps: configuration.layerNormEps)
        textProjection = try Linear(weights["text_projection"], width, configuration.projectionDim, bias: false)
        try weights.finish()
    }

    /// Encodes one prompt's tokens, which must include an end-of-text token.
    ///
    /// Throws ``ModelError`` when there are more tokens than positions or one is not in the vocabulary.
    package func callAsFunction(_ tokens: [Int]) throws -> Output {
        guard (1...configuration.maxPositionEmbeddings).contains(tokens.count),
            tokens.allSatisfy({ (0..<configuration.vocabSize).contains($0) })
        else {
            throw ModelError.size(
                "the text encoder takes up to \(configuration.maxPositionEmbeddings) tokens below "
                    + "\(configuration.vocabSize); got \(tokens.count) tokens up to \(tokens.max() ?? 0)")
        }
        let index = try Tensor(tokens.map(Int64.init), shape: [tokens.count]).to(device: tokenEmbedding.device)
        let positions = try positionEmbedding.narrow(0, start: 0, length: tokens.count)
        var x = try (tokenEmbedding.indexSelect(0, index) + positions).unsqueeze(0)
        var penultimate = x
        for layer in layers {
            penultimate = x
            x = try layer(x)
        }
        let end = try finalLayerNorm(x).narrow(1, start: endOfText(in: tokens), length: 1)
        return Output(penultimate: penultimate, textEmbeds: try textProjection(end.reshape([1, x.size(2)])))
    }

    /// Where the end-of-text token is. Configurations from before transformers 4.31 call it 2, and then it is the
    /// largest id, which is what the model was trained with.
    private func endOfText(in tokens: [Int]) -> Int {
        let wanted = configuration.eosTokenId == 2 ? tokens.max() : configuration.eosTokenId
        return tokens.firstIndex { $0 == wanted } ?? 0
    }
}

/// One layer: attention to the tokens before, then two linear layers (transformers 4.57 `CLIPEncoderLayer`).
package struct CLIPEncoderLayer {
    package let layerNorm1: LayerNorm
    package let qProj: Linear
    package let kProj: Linear
    package let vProj: Linear
    package let outProj: Linear
    package let layerNorm2: LayerNorm
    package let fc1: Linear
    package let fc2: Linear
    private let headCount: Int
    private let usesQuickGELU: Bool

    init(_ weights: Weights, _ configuration: CLIPTextConfiguration) throws {
        let (width, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        let attention = weights["self_attn"]
        layerNorm1 = try LayerNorm(weights["layer_norm1"], width, eps: configuration.layerNormEps)
        qProj = try Linear(attention["q_proj"], width, width)
        kProj = try Linear(attention["k_proj"], width, width)
        vProj = try Linear(attention["v_proj"], width, width)
        outProj = try Linear(attention["out_proj"], width, width)
        layerNorm2 = try LayerNorm(weights["layer_norm2"], width, eps: configuration.layerNormEps)
        fc1 = try Linear(weights["mlp.fc1"], width, inner)
        fc2 = try Linear(weights["mlp.fc2"], inner, width)
        headCount = configuration.numAttentionHeads
        usesQuickGELU = configuration.hiddenAct == "quick_gelu"
    }

    /// `[1, S, D]` to `[1, S, D]`.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let normed = try layerNorm1(x)
        let attended = try scaledDotProductAttention(
            heads(qProj(normed), headCount), heads(kProj(normed), headCount), heads(vProj(normed), headCount),
            causal: true)
        let x = try x + outProj(joinHeads(attended))
        let hidden = try fc1(layerNorm2(x))
        // quick_gelu is x · sigmoid(1.702 x).
        let activated = try usesQuickGELU ? hidden * (hidden * 1.702).sigmoid() : hidden.gelu()
        return try x + fc2(activated)
    }
}
