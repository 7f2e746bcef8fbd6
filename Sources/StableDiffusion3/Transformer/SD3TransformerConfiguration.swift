import Limits

/// The `config.json` of ``SD3Transformer2DModel`` (diffusers 0.35.2, `transformers/transformer_sd3.py`), with diffusers'
/// defaults where a key is missing.
package struct SD3TransformerConfiguration: Codable, Sendable, Equatable, ModelConfiguration {
    /// Side of the latent that the model was made for; the picture's is eight times that.
    package let sampleSize: Int
    /// Side of the square of latent positions that becomes one token.
    package let patchSize: Int
    package let inChannels: Int
    package let outChannels: Int
    package let numLayers: Int
    package let attentionHeadDim: Int
    package let numAttentionHeads: Int
    /// Width of the prompt's embeddings.
    package let jointAttentionDim: Int
    package let captionProjectionDim: Int
    package let pooledProjectionDim: Int
    /// Side of the positional embedding, in tokens.
    package let posEmbedMaxSize: Int
    /// The blocks with a second attention among the picture's tokens alone.
    package let dualAttentionLayers: [Int]
    /// `rms_norm`, or nil for queries and keys as they are (Stable Diffusion 3.0).
    package let qkNorm: String?

    /// Width of a token: heads × head width.
    package var innerDim: Int { numAttentionHeads * attentionHeadDim }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case sampleSize = "sample_size"
        case patchSize = "patch_size"
        case inChannels = "in_channels"
        case outChannels = "out_channels"
        case numLayers = "num_layers"
        case attentionHeadDim = "attention_head_dim"
        case numAttentionHeads = "num_attention_heads"
        case jointAttentionDim = "joint_attention_dim"
        case captionProjectionDim = "caption_projection_dim"
        case pooledProjectionDim = "pooled_projection_dim"
        case posEmbedMaxSize = "pos_embed_max_size"
        case dualAttentionLayers = "dual_attention_layers"
        case qkNorm = "qk_norm"
    }
    typealias Keys = CodingKeys

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        // diffusers takes a null that is there for no value, not for the default.
        func integer(_ key: CodingKeys, _ fallback: Int) throws -> Int {
            values.contains(key) ? try values.decode(Int.self, forKey: key) : fallback
        }
        sampleSize = try integer(.sampleSize, 128)
        patchSize = try integer(.patchSize, 2)
        inChannels = try integer(.inChannels, 16)
        outChannels = try values.decodeIfPresent(Int.self, forKey: .outChannels) ?? inChannels
        numLayers = try integer(.numLayers, 18)
        attentionHeadDim = try integer(.attentionHeadDim, 64)
        numAttentionHeads = try integer(.numAttentionHeads, 18)
        jointAttentionDim = try integer(.jointAttentionDim, 4096)
        captionProjectionDim = try integer(.captionProjectionDim, 1152)
        pooledProjectionDim = try integer(.pooledProjectionDim, 2048)
        posEmbedMaxSize = try integer(.posEmbedMaxSize, 96)
        dualAttentionLayers = try values.decodeIfPresent([Int].self, forKey: .dualAttentionLayers) ?? []
        qkNorm = try values.decodeIfPresent(String.self, forKey: .qkNorm)
    }

    func validate() throws {
        for (key, value, range) in [
            (.sampleSize, sampleSize, NumberBounds.side), (.patchSize, patchSize, NumberBounds.patch),
            (.inChannels, inChannels, NumberBounds.width), (.outChannels, outChannels, NumberBounds.width),
            (.numLayers, numLayers, NumberBounds.layers), (.attentionHeadDim, attentionHeadDim, NumberBounds.width),
            (.numAttentionHeads, numAttentionHeads, NumberBounds.width),
            (.jointAttentionDim, jointAttentionDim, NumberBounds.width),
            (.captionProjectionDim, captionProjectionDim, NumberBounds.width),
            (.pooledProjectionDim, pooledProjectionDim, NumberBounds.width),
            (.posEmbedMaxSize, posEmbedMaxSize, NumberBounds.side),
        ] as [(CodingKeys, Int, ClosedRange<Int>)] {
            try require(value, in: range, key.rawValue)
        }
        try require(
            captionProjectionDim == innerDim, "caption_projection_dim", captionProjectionDim,
            "\(innerDim), heads × head width")
        try require(
            dualAttentionLayers.allSatisfy { (0..<numLayers).contains($0) }, "dual_attention_layers",
            dualAttentionLayers, "layers below num_layers (\(numLayers))")
        try require(qkNorm == nil || qkNorm == "rms_norm", "qk_norm", qkNorm ?? "null", "rms_norm or null")
    }
}
