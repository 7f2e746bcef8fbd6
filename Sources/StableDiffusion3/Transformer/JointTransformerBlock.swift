package import Torch
import TorchNN

/// One block of the transformer as it is published (diffusers 0.35.2 `JointTransformerBlock`).
package struct JointTransformerBlock {
    /// Six vectors, nine in a block with a second attention.
    package let norm1: AdaLayerNorm
    /// Six vectors, two in the last block.
    package let norm1Context: AdaLayerNorm
    package let attn: JointAttention
    /// The second attention of a dual block.
    package let attn2: SelfAttention?
    package let ff: FeedForward
    /// None in the last block.
    package let ffContext: FeedForward?

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration, index: Int) throws {
        let width = configuration.innerDim
        let contextPreOnly = index == configuration.numLayers - 1
        let isDual = configuration.dualAttentionLayers.contains(index)
        norm1 = try AdaLayerNorm(weights["norm1"], width, vectorCount: isDual ? 9 : 6)
        norm1Context = try AdaLayerNorm(weights["norm1_context"], width, vectorCount: contextPreOnly ? 2 : 6)
        attn = try JointAttention(weights["attn"], configuration, contextPreOnly: contextPreOnly)
        attn2 = isDual ? try SelfAttention(weights["attn2"], configuration) : nil
        ff = try FeedForward(weights["ff"], width)
        ffContext = contextPreOnly ? nil : try FeedForward(weights["ff_context"], width)
    }

    /// Picture tokens `[N, T, D]`, prompt tokens `[N, S, D]` and the conditioning vector `temb` `[N or 1, D]` to new tokens;
    /// no prompt tokens from the last block.
    package func callAsFunction(
        _ x: Tensor, context: Tensor, temb: Tensor
    ) throws -> (Tensor, context: Tensor?) {
        let vectors = try BlockModulation(norm1(temb))
        let contextVectors = try ContextModulation(norm1Context(temb))

        let normed = try unscaledLayerNorm(x)
        let (attended, contextAttended) = try attn(
            vectors.attention(normed), context: contextVectors.attention(unscaledLayerNorm(context)))
        var x = try x + vectors.attentionGate * attended
        if let attn2, let second = vectors.secondAttention {
            try x.addInPlace(second.gate * attn2(second.modulation(normed)))
        }
        x = try x + vectors.feedForwardGate * ff(vectors.feedForward(unscaledLayerNorm(x)))

        guard let contextAttended, let ffContext, let rest = contextVectors.rest else { return (x, nil) }
        let attendedContext = try context + rest.attentionGate * contextAttended
        let change = try ffContext(rest.feedForward(unscaledLayerNorm(attendedContext)))
        return (x, try attendedContext + rest.feedForwardGate * change)
    }
}

/// What the conditioning does to the picture's tokens in a block, in the order of `norm1`'s vectors.
struct BlockModulation {
    let attention: Modulation
    let attentionGate: Tensor
    let feedForward: Modulation
    let feedForwardGate: Tensor
    /// In a dual block only.
    let secondAttention: (modulation: Modulation, gate: Tensor)?

    init(_ vectors: [Tensor]) {
        attention = Modulation(shift: vectors[0], scale: vectors[1])
        attentionGate = vectors[2]
        feedForward = Modulation(shift: vectors[3], scale: vectors[4])
        feedForwardGate = vectors[5]
        secondAttention =
            vectors.count == 9 ? (Modulation(shift: vectors[6], scale: vectors[7]), vectors[8]) : nil
    }
}

/// What the conditioning does to the prompt's tokens in a block.
struct ContextModulation {
    let attention: Modulation
    /// Not in the last block.
    let rest: (attentionGate: Tensor, feedForward: Modulation, feedForwardGate: Tensor)?

    init(_ vectors: [Tensor]) {
        guard vectors.count == 6 else {
            // diffusers' AdaLayerNormContinuous has the scale first.
            attention = Modulation(shift: vectors[1], scale: vectors[0])
            rest = nil
            return
        }
        attention = Modulation(shift: vectors[0], scale: vectors[1])
        rest = (vectors[2], Modulation(shift: vectors[3], scale: vectors[4]), vectors[5])
    }
}
