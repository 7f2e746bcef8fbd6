package import Torch
import TorchNN

extension FoldedTransformer {
    /// Brings a folded state dict into the plain form, which predicts the same with the prompt that comes with it.
    ///
    /// The modulation layers get the weight 0 and the folded vectors as their bias, with gates of 1, so that timestep and pooled prompt no longer
    /// matter. A prompt token is a unit vector whose column of the context embedder is the folded token.
    ///
    /// - Throws: ``WeightsError`` when the state dict is not of `configuration`; ``ModelError`` when there are more tokens than the
    ///   embedder has columns.
    package static func unfold(
        _ configuration: SD3TransformerConfiguration, _ tensors: [String: Tensor]
    ) throws -> (tensors: [String: Tensor], prompt: PromptEmbeddings) {
        try withoutGradients {
            let dtype = tensors["context"]?.dtype ?? .float32
            let folded = try FoldedTransformer(configuration, Weights(unconverted: tensors))
            var plain = PlainStateDict(tensors: [:], prefix: "", dtype: dtype, width: configuration.innerDim)
            for name in ["pos_embed.pos_embed", "pos_embed.proj.weight", "pos_embed.proj.bias"] {
                plain.tensors[name] = tensors[name]
            }
            plain.set("proj_out", folded.output.projOut)
            try plain.setModulation("norm_out", [.scale(folded.output.normOut), .shift(folded.output.normOut)])
            for (name, inputCount) in [
                ("timestep_embedder", 256), ("text_embedder", configuration.pooledProjectionDim),
            ] {
                try plain.setZero("time_text_embed.\(name).linear_1", inputCount)
                try plain.setZero("time_text_embed.\(name).linear_2", configuration.innerDim)
            }
            let prompt = try plain.setContext(folded.embeddings.context, configuration)
            for (index, block) in folded.transformerBlocks.enumerated() {
                plain.prefix = "transformer_blocks.\(index)."
                try plain.set(block)
            }
            return (plain.tensors, prompt)
        }
    }
}

/// A plain state dict in the making.
private struct PlainStateDict {
    var tensors: [String: Tensor]
    var prefix: String
    let dtype: DType
    let width: Int

    /// A vector of a modulation layer.
    enum Vector {
        case shift(LayerNorm?)
        case scale(LayerNorm?)
        case gate
    }

    mutating func set(_ name: String, _ linear: Linear) {
        tensors["\(prefix)\(name).weight"] = linear.weight
        tensors["\(prefix)\(name).bias"] = linear.bias
    }

    mutating func set(_ name: String, _ norm: RMSNorm?) { tensors["\(prefix)\(name).weight"] = norm?.weight }

    mutating func setZero(_ name: String, _ inputCount: Int) throws {
        tensors["\(prefix)\(name).weight"] = try .zeros([width, inputCount], dtype: dtype)
        tensors["\(prefix)\(name).bias"] = try .zeros([width], dtype: dtype)
    }

    mutating func setModulation(_ name: String, _ vectors: [Vector]) throws {
        tensors["\(prefix)\(name).linear.weight"] = try .zeros([vectors.count * width, width], dtype: dtype)
        let ones = try Tensor.ones([width], dtype: dtype)
        tensors["\(prefix)\(name).linear.bias"] = try cat(
            vectors.map { vector in
                switch vector {
                case .shift(let norm): try norm?.bias ?? .zeros([width], dtype: dtype)
                case .scale(let norm): try norm?.weight.map { try $0 - ones } ?? .zeros([width], dtype: dtype)
                case .gate: ones
                }
            }, axis: 0)
    }

    /// The layers that `joined` holds one below the other.
    mutating func set(_ names: [String], joined: Linear) throws {
        for (index, name) in names.enumerated() {
            tensors["\(prefix)\(name).weight"] = try joined.weight.narrow(0, start: index * width, length: width)
                .contiguous()
            tensors["\(prefix)\(name).bias"] = try joined.bias?.narrow(0, start: index * width, length: width)
                .contiguous()
        }
    }

    /// The context embedder whose columns are the tokens; gives the prompt of unit vectors.
    mutating func setContext(
        _ context: Tensor, _ configuration: SD3TransformerConfiguration
    ) throws -> PromptEmbeddings {
        let (count, columns) = (context.size(1), configuration.jointAttentionDim)
        guard count <= columns else {
            throw ModelError.adapter(
                "the prompt has \(count) tokens, more than joint_attention_dim, which is \(columns); export with --folded"
            )
        }
        let rest = try Tensor.zeros([width, columns - count], dtype: dtype)
        tensors["context_embedder.weight"] = try cat(
            [context.reshape([count, width]).transpose(0, 1), rest], axis: 1
        ).contiguous()
        tensors["context_embedder.bias"] = try .zeros([width], dtype: dtype)
        var unit = [Float](repeating: 0, count: count * columns)
        for token in 0..<count { unit[token * columns + token] = 1 }
        return PromptEmbeddings(
            tokens: try Tensor(unit, shape: [1, count, columns]),
            pooled: try Tensor.zeros([1, configuration.pooledProjectionDim]))
    }

    mutating func set(_ block: FoldedJointBlock) throws {
        var vectors: [Vector] = [
            .shift(block.norm1), .scale(block.norm1), .gate, .shift(block.norm2), .scale(block.norm2), .gate,
        ]
        if let attn2 = block.attn2 {
            vectors += [.shift(block.norm1Attn2), .scale(block.norm1Attn2), .gate]
            try set(["attn2.to_q", "attn2.to_k", "attn2.to_v"], joined: attn2.toQKV)
            set("attn2.norm_q", attn2.norm.query)
            set("attn2.norm_k", attn2.norm.key)
            set("attn2.to_out.0", attn2.toOut)
        }
        try setModulation("norm1", vectors)
        try set(["attn.to_q", "attn.to_k", "attn.to_v"], joined: block.attn.toQKV)
        set("attn.norm_q", block.attn.norm.query)
        set("attn.norm_k", block.attn.norm.key)
        set("attn.to_out.0", block.attn.toOut)
        set("ff.net.0.proj", block.ff.up)
        set("ff.net.2", block.ff.down)
        set("attn.norm_added_k", block.attn.addedNorm.key)
        guard let toAddOut = block.attn.toAddOut, let ffContext = block.ffContext else {
            return try setLastContext(block)
        }
        try setModulation(
            "norm1_context",
            [
                .shift(block.norm1Context), .scale(block.norm1Context), .gate, .shift(block.norm2Context),
                .scale(block.norm2Context), .gate,
            ])
        try set(["attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"], joined: block.attn.addQKVProj)
        set("attn.norm_added_q", block.attn.addedNorm.query)
        set("attn.to_add_out", toAddOut)
        set("ff_context.net.0.proj", ffContext.up)
        set("ff_context.net.2", ffContext.down)
    }

    /// The last block has queries of the prompt's tokens, but nobody looks at what they find.
    private mutating func setLastContext(_ block: FoldedJointBlock) throws {
        try setModulation("norm1_context", [.scale(block.norm1Context), .shift(block.norm1Context)])
        try set(["attn.add_k_proj", "attn.add_v_proj"], joined: block.attn.addQKVProj)
        try setZero("attn.add_q_proj", width)
        if let key = block.attn.addedNorm.key {
            tensors["\(prefix)attn.norm_added_q.weight"] = try .ones(key.weight.shape, dtype: dtype)
        }
    }
}
