package import Torch
package import TorchNN

/// Splits the last axis into heads: `[N, T, H·d]` to `[N, H, T, d]`, a view.
func heads(_ x: Tensor, _ count: Int) throws -> Tensor {
    try x.reshape([x.size(0), x.size(1), count, -1]).transpose(1, 2)
}

/// Puts heads together again: `[N, H, T, d]` to `[N, T, H·d]`.
func joinHeads(_ x: Tensor) throws -> Tensor {
    try x.transpose(1, 2).reshape([x.size(0), x.size(2), -1])
}

/// Query, key and value projections of one stream of tokens, with the norms of query and key.
package struct QKVProjection {
    package let query: Linear
    package let key: Linear
    package let value: Linear
    package let normQuery: RMSNorm?
    package let normKey: RMSNorm?

    /// `names` and `norms` are the layers' names in diffusers' `Attention`.
    init(
        _ weights: Weights, names: (String, String, String), norms: (String, String),
        _ configuration: SD3TransformerConfiguration
    ) throws {
        let width = configuration.innerDim
        query = try Linear(weights[names.0], width, width)
        key = try Linear(weights[names.1], width, width)
        value = try Linear(weights[names.2], width, width)
        let normed = configuration.qkNorm != nil
        normQuery = normed ? try RMSNorm(weights[norms.0], configuration.attentionHeadDim, eps: 1e-6) : nil
        normKey = normed ? try RMSNorm(weights[norms.1], configuration.attentionHeadDim, eps: 1e-6) : nil
    }

    /// `[N, T, D]` to queries `[N, H, T, d]`.
    func queries(_ x: Tensor, headCount: Int) throws -> Tensor {
        let q = try heads(query(x), headCount)
        return try normQuery?(q) ?? q
    }

    /// `[N, T, D]` to keys `[N, H, T, d]`.
    func keys(_ x: Tensor, headCount: Int) throws -> Tensor {
        let k = try heads(key(x), headCount)
        return try normKey?(k) ?? k
    }

    /// `[N, T, D]` to values `[N, H, T, d]`.
    func values(_ x: Tensor, headCount: Int) throws -> Tensor { try heads(value(x), headCount) }
}

/// Attention of the picture's tokens among themselves: the second attention of a dual block.
package struct SelfAttention {
    package let qkv: QKVProjection
    package let toOut: Linear
    package let headCount: Int

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration) throws {
        qkv = try QKVProjection(
            weights, names: ("to_q", "to_k", "to_v"), norms: ("norm_q", "norm_k"), configuration)
        toOut = try Linear(weights["to_out.0"], configuration.innerDim, configuration.innerDim)
        headCount = configuration.numAttentionHeads
    }

    /// `[N, T, D]` to `[N, T, D]`.
    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        let attended = try scaledDotProductAttention(
            qkv.queries(x, headCount: headCount), qkv.keys(x, headCount: headCount),
            qkv.values(x, headCount: headCount))
        return try toOut(joinHeads(attended))
    }
}

/// Attention of picture and prompt tokens together (diffusers 0.35.2 `Attention` with `JointAttnProcessor2_0`).
package struct JointAttention {
    package let qkv: QKVProjection
    /// The prompt's projections (`add_q_proj`, `add_k_proj`, `add_v_proj`).
    package let addedQKV: QKVProjection
    package let toOut: Linear
    /// The prompt's output; the last block has none, for nobody reads the prompt's tokens after it.
    package let toAddOut: Linear?
    package let headCount: Int

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration, contextPreOnly: Bool) throws {
        let width = configuration.innerDim
        qkv = try QKVProjection(
            weights, names: ("to_q", "to_k", "to_v"), norms: ("norm_q", "norm_k"), configuration)
        addedQKV = try QKVProjection(
            weights, names: ("add_q_proj", "add_k_proj", "add_v_proj"), norms: ("norm_added_q", "norm_added_k"),
            configuration)
        toOut = try Linear(weights["to_out.0"], width, width)
        toAddOut = contextPreOnly ? nil : try Linear(weights["to_add_out"], width, width)
        headCount = configuration.numAttentionHeads
    }

    /// Picture tokens `[N, T, D]` and prompt tokens `[N, S, D]` to the same; no prompt tokens from the last block.
    package func callAsFunction(_ x: Tensor, context: Tensor) throws -> (Tensor, context: Tensor?) {
        let key = try cat(
            [qkv.keys(x, headCount: headCount), addedQKV.keys(context, headCount: headCount)], axis: 2)
        let value = try cat(
            [qkv.values(x, headCount: headCount), addedQKV.values(context, headCount: headCount)], axis: 2)
        let query = try qkv.queries(x, headCount: headCount)
        guard let toAddOut else {
            // What the prompt's tokens would attend to is dropped after the last block, so they ask nothing there.
            return (try toOut(joinHeads(scaledDotProductAttention(query, key, value))), nil)
        }
        let joint = try cat([query, addedQKV.queries(context, headCount: headCount)], axis: 2)
        let attended = try joinHeads(scaledDotProductAttention(joint, key, value))
        let tokenCount = x.size(1)
        return (
            try toOut(attended.narrow(1, start: 0, length: tokenCount)),
            try toAddOut(attended.narrow(1, start: tokenCount, length: context.size(1)))
        )
    }
}
