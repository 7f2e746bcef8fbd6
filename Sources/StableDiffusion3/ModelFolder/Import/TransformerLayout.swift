/// The transformer of Stable Diffusion 3 in the layout of Stability's own code, which ComfyUI keeps too.
///
/// What is what is as in diffusers 0.35.2 `convert_sd3_transformer_checkpoint_to_diffusers`.
struct TransformerLayout {
    static let model = "a Stable Diffusion 3 transformer"
    static let positionTable = "pos_embed"

    let blockCount: Int
    let dualBlocks: Set<Int>
    let hasQKNorm: Bool

    /// Of the keys of either layout. Throws ``ImportError`` when there are no blocks, or too many.
    init(keys: some Sequence<String>, list: String, norm: String, file: String) throws {
        var (blocks, dual, hasNorm) = (Set<Int>(), Set<Int>(), false)
        for key in keys where key.hasPrefix("\(list).") {
            let parts = key.split(separator: ".")
            guard parts.count > 2, let index = Int(parts[1]), (0..<1024).contains(index) else { continue }
            blocks.insert(index)
            if parts.contains("attn2") { dual.insert(index) }
            hasNorm = hasNorm || parts.contains(Substring(norm))
        }
        guard let last = blocks.max() else { throw ImportError("\(file) has no blocks (\(list).…) of \(Self.model)") }
        (blockCount, dualBlocks, hasQKNorm) = (last + 1, dual, hasNorm)
    }

    init(_ configuration: SD3TransformerConfiguration) {
        blockCount = configuration.numLayers
        dualBlocks = Set(configuration.dualAttentionLayers)
        hasQKNorm = configuration.qkNorm != nil
    }

    var modules: [LayoutModule] {
        let outer = [
            LayoutModule(Self.positionTable, PositionTable.key, suffixes: [""]),
            LayoutModule("x_embedder.proj", "pos_embed.proj"), LayoutModule("context_embedder", "context_embedder"),
            LayoutModule("t_embedder.mlp.0", "time_text_embed.timestep_embedder.linear_1"),
            LayoutModule("t_embedder.mlp.2", "time_text_embed.timestep_embedder.linear_2"),
            LayoutModule("y_embedder.mlp.0", "time_text_embed.text_embedder.linear_1"),
            LayoutModule("y_embedder.mlp.2", "time_text_embed.text_embedder.linear_2"),
            LayoutModule("final_layer.linear", "proj_out"),
            // diffusers has the scale first, the original the shift.
            LayoutModule("final_layer.adaLN_modulation.1", "norm_out.linear", .halvesSwapped),
        ]
        return outer + (0..<blockCount).flatMap(block)
    }

    private func block(_ index: Int) -> [LayoutModule] {
        let isLast = index == blockCount - 1
        let (x, context) = ("joint_blocks.\(index).x_block", "joint_blocks.\(index).context_block")
        let target = "transformer_blocks.\(index)"
        var modules =
            attention(
                x, "attn", to: "\(target).attn", ["to_q", "to_k", "to_v"], ["norm_q", "norm_k"], output: "to_out.0")
            + attention(
                context, "attn", to: "\(target).attn", ["add_q_proj", "add_k_proj", "add_v_proj"],
                ["norm_added_q", "norm_added_k"], output: isLast ? nil : "to_add_out")
        if dualBlocks.contains(index) {
            modules += attention(
                x, "attn2", to: "\(target).attn2", ["to_q", "to_k", "to_v"], ["norm_q", "norm_k"], output: "to_out.0")
        }
        modules += [
            LayoutModule("\(x).adaLN_modulation.1", "\(target).norm1.linear"),
            LayoutModule(
                "\(context).adaLN_modulation.1", "\(target).norm1_context.linear", isLast ? .halvesSwapped : .whole),
            LayoutModule("\(x).mlp.fc1", "\(target).ff.net.0.proj"), LayoutModule("\(x).mlp.fc2", "\(target).ff.net.2"),
        ]
        guard !isLast else { return modules }
        return modules + [
            LayoutModule("\(context).mlp.fc1", "\(target).ff_context.net.0.proj"),
            LayoutModule("\(context).mlp.fc2", "\(target).ff_context.net.2"),
        ]
    }

    private func attention(
        _ block: String, _ name: String, to target: String, _ projections: [String], _ norms: [String], output: String?
    ) -> [LayoutModule] {
        let thirds = projections.enumerated().map { ("\(target).\($1)", LayoutModule.Piece.third($0)) }
        var modules = [LayoutModule("\(block).\(name).qkv", thirds)]
        if hasQKNorm {
            modules += zip(["ln_q", "ln_k"], norms).map {
                LayoutModule("\(block).\(name).\($0)", "\(target).\($1)", suffixes: ["weight"])
            }
        }
        if let output { modules.append(LayoutModule("\(block).\(name).proj", "\(target).\(output)")) }
        return modules
    }
}
