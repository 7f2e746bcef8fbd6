package import Torch
package import TorchNN

/// ``JointTransformerBlock`` with its modulation folded into norms and projections.
package struct FoldedJointBlock {
    package let norm1: LayerNorm
    /// The norm before the second attention of a dual block.
    package let norm1Attn2: LayerNorm?
    package let norm1Context: LayerNorm
    package let attn: FoldedJointAttention
    package let attn2: FoldedSelfAttention?
    package let norm2: LayerNorm
    package let ff: FeedForward
    /// None in the last block.
    package let norm2Context: LayerNorm?
    /// None in the last block.
    package let ffContext: FeedForward?

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration, index: Int) throws {
        let width = configuration.innerDim
        let contextPreOnly = index == configuration.numLayers - 1
        let isDual = configuration.dualAttentionLayers.contains(index)
        func norm(_ name: String) throws -> LayerNorm { try LayerNorm(weights[name], width, eps: 1e-6) }

        norm1 = try norm("norm1")
        norm1Attn2 = isDual ? try norm("norm1_attn2") : nil
        norm1Context = try norm("norm1_context")
        attn = try FoldedJointAttention(weights["attn"], configuration, contextPreOnly: contextPreOnly)
        attn2 = isDual ? try FoldedSelfAttention(weights["attn2"], configuration) : nil
        norm2 = try norm("norm2")
        ff = try FeedForward(weights["ff"], width)
        norm2Context = contextPreOnly ? nil : try norm("norm2_context")
        ffContext = contextPreOnly ? nil : try FeedForward(weights["ff_context"], width)
    }

    /// Picture tokens `[N, T, D]` and prompt tokens `[N, S, D]` to new ones; no prompt tokens from the last block.
    ///
    /// - Parameter keyBias: What is added to the scores of each key, `[1, 1, 1, T + S]`; nil for nothing.
    package func callAsFunction(
        _ x: Tensor, context: Tensor, keyBias: Tensor? = nil
    ) throws -> (Tensor, context: Tensor?) {
        let (attended, contextAttended) = try attn(norm1(x), context: norm1Context(context), keyBias: keyBias)
        var sum = try x + attended
        if let attn2, let norm1Attn2 { sum = try sum + attn2(norm1Attn2(x)) }
        sum = try sum + ff(norm2(sum))

        guard let contextAttended, let ffContext, let norm2Context else { return (sum, nil) }
        let contextSum = try context + contextAttended
        return (sum, try contextSum + ffContext(norm2Context(contextSum)))
    }
}

/// Norms of queries and keys; none where the configuration has none.
struct QueryKeyNorm {
    let query: RMSNorm?
    let key: RMSNorm?
    static let eps = 1e-6

    init(_ weights: Weights, _ queryName: String?, _ keyName: String, _ configuration: SD3TransformerConfiguration)
        throws
    {
        let normed = configuration.qkNorm != nil
        let width = configuration.attentionHeadDim
        query = try normed ? queryName.map { try RMSNorm(weights[$0], width, eps: Self.eps) } : nil
        key = normed ? try RMSNorm(weights[keyName], width, eps: Self.eps) : nil
    }
}

/// ``SelfAttention`` with one product for queries, keys and values, and the gate in the output projection.
package struct FoldedSelfAttention {
    /// `[3D, D]`
    package let toQKV: Linear
    let norm: QueryKeyNorm
    package let toOut: Linear
    package let headCount: Int

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration) throws {
        let width = configuration.innerDim
        toQKV = try Linear(weights["to_qkv"], width, 3 * width)
        norm = try QueryKeyNorm(weights, "norm_q", "norm_k", configuration)
        toOut = try Linear(weights["to_out.0"], width, width)
        headCount = configuration.numAttentionHeads
    }

    /// `[N, T, D]` to `[N, T, D]`.
    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        let (query, key, value) = try jointHeads(
            toQKV(x), nil, norms: HeadNorms(query: norm.query?.weight, key: norm.key?.weight), headCount: headCount,
            eps: QueryKeyNorm.eps)
        let attended = try scaledDotProductAttention(
            query, key, value, inBFloat16: toQKV.precision != .exact)
        return try toOut(joinHeads(attended))
    }
}

/// ``JointAttention`` with one product for queries, keys and values of each stream, and the gates in the output
/// projections.
package struct FoldedJointAttention {
    /// `[3D, D]`
    package let toQKV: Linear
    /// The prompt's: `[3D, D]`, in the last block keys and values alone, `[2D, D]`.
    package let addQKVProj: Linear
    let norm: QueryKeyNorm
    let addedNorm: QueryKeyNorm
    package let toOut: Linear
    /// None in the last block.
    package let toAddOut: Linear?
    package let headCount: Int

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration, contextPreOnly: Bool) throws {
        let width = configuration.innerDim
        toQKV = try Linear(weights["to_qkv"], width, 3 * width)
        addQKVProj = try Linear(
            weights[contextPreOnly ? "add_kv_proj" : "add_qkv_proj"], width, (contextPreOnly ? 2 : 3) * width)
        norm = try QueryKeyNorm(weights, "norm_q", "norm_k", configuration)
        addedNorm = try QueryKeyNorm(weights, contextPreOnly ? nil : "norm_added_q", "norm_added_k", configuration)
        toOut = try Linear(weights["to_out.0"], width, width)
        toAddOut = contextPreOnly ? nil : try Linear(weights["to_add_out"], width, width)
        headCount = configuration.numAttentionHeads
    }

    /// Picture tokens `[N, T, D]` and prompt tokens `[N, S, D]` to the same; no prompt tokens from the last block.
    package func callAsFunction(
        _ x: Tensor, context: Tensor, keyBias: Tensor?
    ) throws -> (Tensor, context: Tensor?) {
        let norms = HeadNorms(
            query: norm.query?.weight, key: norm.key?.weight, addedQuery: addedNorm.query?.weight,
            addedKey: addedNorm.key?.weight)
        let (query, key, value) = try jointHeads(
            toQKV(x), addQKVProj(context), norms: norms, headCount: headCount, eps: QueryKeyNorm.eps)
        let attended = try joinHeads(
            scaledDotProductAttention(query, key, value, bias: keyBias, inBFloat16: toQKV.precision != .exact))
        guard let toAddOut else { return (try toOut(attended), nil) }
        let tokenCount = x.size(1)
        return (
            try toOut(attended.narrow(1, start: 0, length: tokenCount)),
            try toAddOut(attended.narrow(1, start: tokenCount, length: context.size(1)))
        )
    }
}
