import Limits

/// The parts of a CLIP text encoder's `config.json` that change numbers (transformers 4.57 `CLIPTextConfig`).
package struct CLIPTextConfiguration: Codable, Sendable, Equatable, ModelConfiguration {
    package let vocabSize: Int
    package let hiddenSize: Int
    package let intermediateSize: Int
    package let projectionDim: Int
    package let numHiddenLayers: Int
    package let numAttentionHeads: Int
    package let maxPositionEmbeddings: Int
    /// `quick_gelu` (CLIP-L) or `gelu` (CLIP-G).
    package let hiddenAct: String
    package let layerNormEps: Double
    package let eosTokenId: Int

    enum CodingKeys: String, CodingKey, CaseIterable {
        case vocabSize = "vocab_size"
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case projectionDim = "projection_dim"
        case numHiddenLayers = "num_hidden_layers"
        case numAttentionHeads = "num_attention_heads"
        case maxPositionEmbeddings = "max_position_embeddings"
        case hiddenAct = "hidden_act"
        case layerNormEps = "layer_norm_eps"
        case eosTokenId = "eos_token_id"
    }
    typealias Keys = CodingKeys

    /// transformers writes dozens of keys about training and generation into every configuration.
    static var refusesUnknownKeys: Bool { false }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func value<T: Decodable>(_ key: CodingKeys, _ fallback: T) throws -> T {
            try values.decodeIfPresent(T.self, forKey: key) ?? fallback
        }
        vocabSize = try value(.vocabSize, 49408)
        hiddenSize = try value(.hiddenSize, 512)
        intermediateSize = try value(.intermediateSize, 2048)
        projectionDim = try value(.projectionDim, 512)
        numHiddenLayers = try value(.numHiddenLayers, 12)
        numAttentionHeads = try value(.numAttentionHeads, 8)
        maxPositionEmbeddings = try value(.maxPositionEmbeddings, 77)
        hiddenAct = try value(.hiddenAct, "quick_gelu")
        layerNormEps = try value(.layerNormEps, 1e-5)
        eosTokenId = try value(.eosTokenId, 49407)
    }

    func validate() throws {
        for (key, value, range) in [
            (.vocabSize, vocabSize, 1...10_000_000), (.hiddenSize, hiddenSize, NumberBounds.width),
            (.intermediateSize, intermediateSize, NumberBounds.width),
            (.projectionDim, projectionDim, NumberBounds.width),
            (.numHiddenLayers, numHiddenLayers, NumberBounds.layers),
            (.numAttentionHeads, numAttentionHeads, NumberBounds.width),
            (.maxPositionEmbeddings, maxPositionEmbeddings, NumberBounds.width),
        ] as [(CodingKeys, Int, ClosedRange<Int>)] {
            try require(value, in: range, key.rawValue)
        }
        try require(
            hiddenSize % numAttentionHeads == 0, "hidden_size", hiddenSize,
            "a multiple of num_attention_heads (\(numAttentionHeads))")
        try require(["quick_gelu", "gelu"].contains(hiddenAct), "hidden_act", hiddenAct, "quick_gelu or gelu")
    }
}
