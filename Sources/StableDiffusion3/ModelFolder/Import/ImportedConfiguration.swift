import Foundation
import Torch
import TorchNN

/// A `config.json` for imported weights: one that is there and fits them, or what their shapes tell.
struct ImportedConfiguration {
    let json: Data

    /// - Parameters:
    ///   - known: Configurations that may be the weights'.
    ///   - tensors: In diffusers' layout.
    ///   - layout: Of the same.
    static func transformer(
        _ tensors: [String: ImportedTensor], _ layout: TransformerLayout, known: [Data], file: String
    ) throws -> ImportedConfiguration {
        let shapes = try tensors.placeholders()
        for json in known {
            guard let configuration = try? SD3TransformerConfiguration(json: json),
                (try? SD3Transformer2DModel(configuration, shapes)) != nil
            else { continue }
            return ImportedConfiguration(json: try plain(json))
        }
        let reader = ShapeReader(tensors: tensors)
        let patches = try reader.shape("pos_embed.proj.weight", rank: 4)
        let width = patches[0]
        let headWidth = layout.hasQKNorm ? try reader.shape("transformer_blocks.0.attn.norm_q.weight", rank: 1)[0] : 64
        guard headWidth > 0, width % headWidth == 0, patches[2] == patches[3], patches[2] > 0 else {
            throw ImportError(
                "\(file): the width \(width) of its tokens is none of heads of \(headWidth); name with --base-model-path a model of its shape"
            )
        }
        guard tensors[PositionTable.key] != nil else {
            throw ImportError(
                "\(file) lacks the positional embedding, from which its size follows; name with --base-model-path the model that it was trained from"
            )
        }
        let positions = try reader.shape(PositionTable.key, rank: 3)[1]
        let side = Int(Double(positions).squareRoot().rounded())
        let outputs = try reader.shape("proj_out.weight", rank: 2)[0]
        let values: [String: Any] = [
            "_class_name": TransformerForm.plain.className, "_diffusers_version": "0.35.2",
            "sample_size": min(128, side * patches[2]), "patch_size": patches[2], "in_channels": patches[1],
            "out_channels": outputs / (patches[2] * patches[2]), "num_layers": layout.blockCount,
            "attention_head_dim": headWidth, "num_attention_heads": width / headWidth,
            "joint_attention_dim": try reader.shape("context_embedder.weight", rank: 2)[1],
            "caption_projection_dim": width,
            "pooled_projection_dim": try reader.shape("time_text_embed.text_embedder.linear_1.weight", rank: 2)[1],
            "pos_embed_max_size": side, "dual_attention_layers": layout.dualBlocks.sorted(),
            "qk_norm": layout.hasQKNorm ? "rms_norm" : NSNull(),
        ]
        let json = try JSONSerialization.data(withJSONObject: values, options: [.prettyPrinted, .sortedKeys])
        try checked(file) { _ = try SD3Transformer2DModel(SD3TransformerConfiguration(json: json), shapes) }
        return ImportedConfiguration(json: json)
    }

    static func autoencoder(
        _ tensors: [String: ImportedTensor], _ layout: AutoencoderLayout, known: [Data], file: String
    ) throws -> ImportedConfiguration {
        let shapes = try tensors.placeholders()
        for json in known {
            guard let configuration = try? AutoencoderKLConfiguration(json: json),
                (try? AutoencoderKL(configuration, shapes)) != nil
            else { continue }
            return ImportedConfiguration(json: json)
        }
        guard layout.latentChannels == 16 else {
            throw ImportError(
                "\(file): its VAE has \(layout.latentChannels) latent channels; one of Stable Diffusion 3 has 16, and of others config.json must lie beside them or come with --base-model-path"
            )
        }
        // How many groups of channels are normed together shows in no weight.
        guard layout.channels.allSatisfy({ $0 % 32 == 0 }) else {
            throw ImportError(
                "\(file): its VAE has blocks of \(layout.channels) channels, which are no 32 groups each; put its config.json beside it or name with --base-model-path a model with the same VAE"
            )
        }
        let levels = layout.channels.count
        let values: [String: Any] = [
            "_class_name": AutoencoderKLConfiguration.className, "_diffusers_version": "0.35.2", "act_fn": "silu",
            "block_out_channels": layout.channels, "in_channels": 3, "out_channels": 3, "sample_size": 1024,
            "down_block_types": Array(repeating: "DownEncoderBlock2D", count: levels),
            "up_block_types": Array(repeating: "UpDecoderBlock2D", count: levels), "force_upcast": true,
            "latent_channels": layout.latentChannels, "layers_per_block": layout.layersPerBlock,
            "mid_block_add_attention": true, "norm_num_groups": 32, "scaling_factor": 1.5305, "shift_factor": 0.0609,
            "use_quant_conv": false, "use_post_quant_conv": false, "latents_mean": NSNull(), "latents_std": NSNull(),
        ]
        let json = try JSONSerialization.data(withJSONObject: values, options: [.prettyPrinted, .sortedKeys])
        try checked(file) { _ = try AutoencoderKL(AutoencoderKLConfiguration(json: json), shapes) }
        return ImportedConfiguration(json: json)
    }

    /// With the class of the published form, for a model may be folded whose configuration this is.
    private static func plain(_ json: Data) throws -> Data {
        var values = try JSONSerialization.jsonObject(with: json) as? [String: Any] ?? [:]
        guard let name = values["_class_name"] as? String, name != TransformerForm.plain.className else { return json }
        values["_class_name"] = TransformerForm.plain.className
        return try JSONSerialization.data(withJSONObject: values, options: [.prettyPrinted, .sortedKeys])
    }

    /// What does not fit does not fit other weights, for there is no configuration.
    private static func checked(_ file: String, _ body: () throws -> Void) throws {
        do { try body() } catch WeightsError.wrongShape(let key, _, let found, let expected) {
            throw ImportError(
                "\(file): the weight \(key) has shape \(found); going by the other weights it should have \(expected)")
        } catch let error as WeightsError {
            throw ImportError("\(file) is no whole model: \(error)")
        }
    }
}

private struct ShapeReader {
    let tensors: [String: ImportedTensor]

    /// The sizes of a weight that is there.
    func shape(_ key: String, rank: Int) throws -> [Int] {
        guard let tensor = tensors[key] else { throw ImportError("the weight \(key) is missing") }
        guard tensor.shape.count == rank, tensor.shape.allSatisfy({ $0 > 0 }) else {
            throw tensor.unexpectedShape("one with \(rank) axes")
        }
        return tensor.shape
    }
}
