import CTorch

/// Runs `body` with operations of this thread that round otherwise than torch's own for being quicker.
///
/// On the CPU in float32, ``linear(_:weight:bias:)`` and its gradients take oneDNN's products instead of MKL's, which differ by a relative error of
/// about 4e-7. Where no gradients are recorded, 3 × 3 convolutions take Winograd's algorithm where it wins, which differs by about 5e-6;
/// ``scaledDotProductAttention(_:_:_:bias:causal:)`` goes through blocks that stay in a core's cache (5e-7);
/// ``groupNormSilu(_:groupCount:weight:bias:eps:consumesInput:)`` and ``jointHeads(_:_:norms:headCount:eps:)`` become one kernel each.
///
/// On CUDA devices a group norm leaves channels last, and attention of heads wider than 256 takes so many queries at once that all their scores
/// are there.
package func withFastKernels<R>(_ body: () throws -> R) rethrows -> R {
    let previous = ct_fast_kernels()
    ct_set_fast_kernels(true)
    defer { ct_set_fast_kernels(previous) }
    return try body()
}

/// Whether this thread is within ``withFastKernels(_:)``.
package var fastKernelsAreAllowed: Bool { ct_fast_kernels() }

/// Runs `body` with what accelerators take in the place of this library's kernels, on the CPU too and within ``withFastKernels(_:)``: for
/// tests of its numbers without a device.
package func withAcceleratorForms<R>(_ body: () throws -> R) rethrows -> R {
    ct_set_accelerator_forms(true)
    defer { ct_set_accelerator_forms(false) }
    return try body()
}

/// `silu(groupNorm(input))` over `[N, C, H, W]`; weight and bias `[C]`.
///
/// - Parameter consumesInput: Whether the result may take the input's memory.
package func groupNormSilu(
    _ input: Tensor, groupCount: Int, weight: Tensor, bias: Tensor, eps: Double, consumesInput: Bool = false
) throws -> Tensor {
    try makeTensor("group_norm_silu", [input]) {
        ct_group_norm_silu(input.raw, Int64(groupCount), weight.raw, bias.raw, eps, consumesInput, $0)
    }
}

/// The weights `[d]` of the root-mean-square norms of queries and keys of two kinds of tokens; none where there is no norm.
package struct HeadNorms {
    package var query: Tensor?
    package var key: Tensor?
    package var addedQuery: Tensor?
    package var addedKey: Tensor?

    package init(query: Tensor?, key: Tensor?, addedQuery: Tensor? = nil, addedKey: Tensor? = nil) {
        (self.query, self.key, self.addedQuery, self.addedKey) = (query, key, addedQuery, addedKey)
    }
}

/// Queries, keys and values of two kinds of tokens together, by heads and with queries and keys normed: what
/// ``scaledDotProductAttention(_:_:_:bias:causal:)`` takes.
///
/// - Parameters:
///   - picture: `[N, T, 3D]`: queries, keys, values.
///   - prompt: `[N, S, 3D]`, or `[N, S, 2D]` without queries; may be missing.
/// - Returns: The query `[N, heads, T + S, d]`, without the prompt's where it has none; key and value `[N, heads, T + S, d]`.
package func jointHeads(
    _ picture: Tensor, _ prompt: Tensor?, norms: HeadNorms, headCount: Int, eps: Double
) throws -> (query: Tensor, key: Tensor, value: Tensor) {
    var (key, value) = (ct_tensor(), ct_tensor())
    let raw = ct_head_norms(
        query: norms.query.raw, key: norms.key.raw, added_query: norms.addedQuery.raw, added_key: norms.addedKey.raw)
    let query = try makeTensor("joint_heads", [picture] + [prompt].compactMap(\.self)) {
        ct_joint_heads(picture.raw, prompt.raw, raw, Int64(headCount), eps, $0, &key, &value)
    }
    return (query, Tensor(owning: key), Tensor(owning: value))
}
