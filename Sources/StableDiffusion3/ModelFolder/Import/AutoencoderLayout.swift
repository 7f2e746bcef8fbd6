/// The VAE in the layout of the latent diffusion code, in which Stability and ComfyUI publish it.
///
/// What is what is as in diffusers 0.35.2 `convert_ldm_vae_checkpoint`.
struct AutoencoderLayout {
    static let model = "a VAE"

    /// Channels of each resolution, from the picture's down.
    let channels: [Int]
    let layersPerBlock: Int
    let latentChannels: Int

    /// Of a state dict in the latent diffusion layout. Throws ``ImportError``.
    init(original tensors: [String: ImportedTensor], file: String) throws {
        try self.init(
            tensors, file: file,
            convolution: { "encoder.down.\($0).block.\($1).conv1.weight" })
    }

    /// Of a state dict in diffusers' layout. Throws ``ImportError``.
    init(diffusers tensors: [String: ImportedTensor], file: String) throws {
        try self.init(
            tensors, file: file,
            convolution: { "encoder.down_blocks.\($0).resnets.\($1).conv1.weight" })
    }

    private init(
        _ tensors: [String: ImportedTensor], file: String, convolution: (_ level: Int, _ layer: Int) -> String
    ) throws {
        let key = "decoder.conv_in.weight"
        guard let latent = tensors[key] else {
            throw ImportError("\(file) lacks the weight \(key) of \(Self.model); take a file that has the whole model")
        }
        guard latent.shape.count == 4 else { throw latent.unexpectedShape("a convolution") }
        latentChannels = latent.shape[1]
        channels = (0..<8).map { tensors[convolution($0, 0)]?.shape.first }.prefix { $0 != nil }.compactMap { $0 }
        layersPerBlock = (0..<64).first { tensors[convolution(0, $0)] == nil } ?? 64
        guard !channels.isEmpty else {
            throw ImportError(
                "\(file) has no encoder (\(convolution(0, 0))); a VAE with encoder and decoder was expected")
        }
    }

    var modules: [LayoutModule] {
        ["encoder", "decoder"].flatMap(ends) + channels.indices.flatMap(encoderLevel)
            + channels.indices.flatMap(decoderLevel)
    }

    /// What comes before and after the levels.
    private func ends(of half: String) -> [LayoutModule] {
        let middle = "\(half).mid_block"
        let outer = [("conv_in", "conv_in"), ("conv_out", "conv_out"), ("norm_out", "conv_norm_out")].map {
            LayoutModule("\(half).\($0)", "\(half).\($1)")
        }
        return outer + residual("\(half).mid.block_1", to: "\(middle).resnets.0", hasShortcut: false)
            + residual("\(half).mid.block_2", to: "\(middle).resnets.1", hasShortcut: false)
            + attention("\(half).mid.attn_1", to: "\(middle).attentions.0")
    }

    private func encoderLevel(_ level: Int) -> [LayoutModule] {
        let input = level == 0 ? channels[0] : channels[level - 1]
        var modules = (0..<layersPerBlock).flatMap { layer in
            residual(
                "encoder.down.\(level).block.\(layer)", to: "encoder.down_blocks.\(level).resnets.\(layer)",
                hasShortcut: layer == 0 && input != channels[level])
        }
        if level < channels.count - 1 {
            modules.append(
                LayoutModule(
                    "encoder.down.\(level).downsample.conv", "encoder.down_blocks.\(level).downsamplers.0.conv"))
        }
        return modules
    }

    /// The original counts levels from the picture's, diffusers from the latent's.
    private func decoderLevel(_ level: Int) -> [LayoutModule] {
        let input = level == channels.count - 1 ? channels[level] : channels[level + 1]
        let target = "decoder.up_blocks.\(channels.count - 1 - level)"
        var modules = (0...layersPerBlock).flatMap { layer in
            residual(
                "decoder.up.\(level).block.\(layer)", to: "\(target).resnets.\(layer)",
                hasShortcut: layer == 0 && input != channels[level])
        }
        if level > 0 {
            modules.append(LayoutModule("decoder.up.\(level).upsample.conv", "\(target).upsamplers.0.conv"))
        }
        return modules
    }

    private func residual(_ name: String, to target: String, hasShortcut: Bool) -> [LayoutModule] {
        ["norm1", "conv1", "norm2", "conv2"].map { LayoutModule("\(name).\($0)", "\(target).\($0)") }
            + (hasShortcut ? [LayoutModule("\(name).nin_shortcut", "\(target).conv_shortcut")] : [])
    }

    private func attention(_ name: String, to target: String) -> [LayoutModule] {
        [LayoutModule("\(name).norm", "\(target).group_norm")]
            + [("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0")].map {
                LayoutModule("\(name).\($0)", "\(target).\($1)", .matrix)
            }
    }
}
