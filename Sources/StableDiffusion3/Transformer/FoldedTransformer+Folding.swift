package import Torch
package import TorchNN

extension FoldedTransformer {
    /// Folds a plain state dict for one timestep and prompt into the state dict that ``init(_:_:)`` takes.
    ///
    /// The arithmetic is done in float32 on the CPU; the tensors come in the dtype and on the device of `weights`.
    /// Weights that folding leaves as they are stay the mapped file where dtype and device allow it, and the memory of
    /// those that are used up is let go block by block. Throws ``WeightsError`` as loading the plain form does.
    package static func fold(
        _ configuration: SD3TransformerConfiguration, _ weights: Weights, timestep: Double, prompt: PromptEmbeddings
    ) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        try fold(configuration, weights, timestep: timestep, prompt: prompt) { tensors.merge($0) { $1 } }
        return tensors
    }

    /// The same part by part: what is outside the blocks, then each block. `take` gets the tensors of each.
    package static func fold(
        _ configuration: SD3TransformerConfiguration, _ weights: Weights, timestep: Double, prompt: PromptEmbeddings,
        _ take: ([String: Tensor]) throws -> Void
    ) throws {
        let folding = try Folding(configuration, weights, timestep: timestep, prompt: prompt)
        try take(folding.outer)
        for index in 0..<configuration.numLayers {
            try take(folding.block(index))
            folding.releasePages(ofBlock: index)
        }
        try folding.finish()
    }
}

/// A plain state dict that is folded part by part.
struct Folding {
    /// All that is outside the blocks, folded.
    let outer: [String: Tensor]
    private let configuration: SD3TransformerConfiguration
    private let dtype: DType
    private let device: Device
    /// In float32 on the CPU.
    private let source: Weights
    private let temb: Tensor

    init(
        _ configuration: SD3TransformerConfiguration, _ weights: Weights, timestep: Double, prompt: PromptEmbeddings
    ) throws {
        (self.configuration, dtype, device) = (configuration, weights.dtype, weights.device)
        let source = weights.converted(to: .float32, device: .cpu)
        self.source = source
        (outer, temb) = try withoutGradients {
            let prompt = try prompt.to(.float32, device: .cpu)
            var folded = FoldedStateDict()

            let posEmbed = try PatchEmbed(source["pos_embed"], configuration)
            folded.tensors["pos_embed.proj.weight"] = posEmbed.proj.weight
            folded.tensors["pos_embed.proj.bias"] = posEmbed.proj.bias
            folded.tensors["pos_embed.pos_embed"] = posEmbed.posEmbed

            let embedder = try Linear(
                source["context_embedder"], configuration.jointAttentionDim, configuration.captionProjectionDim)
            folded.tensors["context"] = try embedder(prompt.tokens)

            let temb = try TimestepTextEmbedding(source["time_text_embed"], configuration)(
                timestep: timestep, pooled: prompt.pooled)
            let normOut = try AdaLayerNorm(source["norm_out"], configuration.innerDim, vectorCount: 2)(temb)
            try folded.set("norm_out", Modulation(shift: normOut[1], scale: normOut[0]))
            try folded.set("proj_out", OutputPatches.projection(source["proj_out"], configuration))
            try folded.convert(to: weights.dtype, device: weights.device)
            return (folded.tensors, temb)
        }
    }

    /// One block with its keys in the whole state dict.
    func block(_ index: Int) throws -> [String: Tensor] {
        try withoutGradients {
            let weights = source["transformer_blocks"][index]
            var block = FoldedStateDict(prefix: weights.prefix)
            try block.fold(JointTransformerBlock(weights, configuration, index: index), temb: temb)
            try block.convert(to: dtype, device: device)
            return block.tensors
        }
    }

    /// Lets go of the mapped file's memory for a block, until somebody reads it again.
    func releasePages(ofBlock index: Int) { source["transformer_blocks"][index].releasePages() }

    /// Throws ``WeightsError/unexpected(keys:file:)`` when there are weights that no part asked for.
    func finish() throws { try source.finish() }
}

/// A folded state dict in the making.
private struct FoldedStateDict {
    var prefix = ""
    var tensors: [String: Tensor] = [:]

    mutating func convert(to dtype: DType, device: Device) throws {
        tensors = try tensors.mapValues { try $0.to(dtype, device: device) }
    }

    mutating func set(_ name: String, _ linear: Linear) throws {
        tensors["\(prefix)\(name).weight"] = try linear.mergedWeight()
        tensors["\(prefix)\(name).bias"] = linear.bias
    }

    mutating func set(_ name: String, _ norm: RMSNorm?) {
        tensors["\(prefix)\(name).weight"] = norm?.weight
    }

    /// norm(x) · (1 + scale) + shift is a layer norm with weight 1 + scale and bias shift.
    mutating func set(_ name: String, _ modulation: Modulation) throws {
        tensors["\(prefix)\(name).weight"] = try (modulation.scale + 1).reshape([-1])
        tensors["\(prefix)\(name).bias"] = try modulation.shift.reshape([-1]).clone()
    }

    /// gate · (Wx + b) is (gate · W)x + gate · b.
    mutating func set(_ name: String, _ linear: Linear, gate: Tensor) throws {
        let gate = try gate.reshape([-1])
        tensors["\(prefix)\(name).weight"] = try linear.mergedWeight() * gate.unsqueeze(1)
        tensors["\(prefix)\(name).bias"] = try linear.bias.map { try $0 * gate }
    }

    /// Linear layers of the same input are one with their rows together.
    mutating func set(_ name: String, joined linears: [Linear]) throws {
        tensors["\(prefix)\(name).weight"] = try cat(linears.map { try $0.mergedWeight() }, axis: 0)
        tensors["\(prefix)\(name).bias"] = try cat(linears.compactMap(\.bias), axis: 0)
    }

    mutating func fold(_ block: JointTransformerBlock, temb: Tensor) throws {
        let vectors = try BlockModulation(block.norm1(temb))
        try set("norm1", vectors.attention)
        try set("norm2", vectors.feedForward)
        try set("attn.to_qkv", joined: [block.attn.qkv.query, block.attn.qkv.key, block.attn.qkv.value])
        set("attn.norm_q", block.attn.qkv.normQuery)
        set("attn.norm_k", block.attn.qkv.normKey)
        try set("attn.to_out.0", block.attn.toOut, gate: vectors.attentionGate)
        try set("ff.net.0.proj", block.ff.up)
        try set("ff.net.2", block.ff.down, gate: vectors.feedForwardGate)
        if let attn2 = block.attn2, let second = vectors.secondAttention {
            try set("norm1_attn2", second.modulation)
            try set("attn2.to_qkv", joined: [attn2.qkv.query, attn2.qkv.key, attn2.qkv.value])
            set("attn2.norm_q", attn2.qkv.normQuery)
            set("attn2.norm_k", attn2.qkv.normKey)
            try set("attn2.to_out.0", attn2.toOut, gate: second.gate)
        }
        try foldContext(of: block, temb: temb)
    }

    private mutating func foldContext(of block: JointTransformerBlock, temb: Tensor) throws {
        let vectors = try ContextModulation(block.norm1Context(temb))
        let added = block.attn.addedQKV
        try set("norm1_context", vectors.attention)
        set("attn.norm_added_k", added.normKey)
        guard let rest = vectors.rest, let toAddOut = block.attn.toAddOut, let ffContext = block.ffContext else {
            try set("attn.add_kv_proj", joined: [added.key, added.value])
            return
        }
        try set("attn.add_qkv_proj", joined: [added.query, added.key, added.value])
        set("attn.norm_added_q", added.normQuery)
        try set("attn.to_add_out", toAddOut, gate: rest.attentionGate)
        try set("norm2_context", rest.feedForward)
        try set("ff_context.net.0.proj", ffContext.up)
        try set("ff_context.net.2", ffContext.down, gate: rest.feedForwardGate)
    }
}
