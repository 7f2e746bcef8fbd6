import Foundation
import Testing

@testable import StableDiffusion3

@Suite struct ModelFLOPsTests {
    private func medium(_ side: Int) throws -> ModelFLOPs {
        let transformer = try SD3TransformerConfiguration(
            json: Data(
                """
                {"sample_size": 128, "patch_size": 2, "in_channels": 16, "num_layers": 24, "attention_head_dim": 64,
                 "num_attention_heads": 24, "joint_attention_dim": 4096, "caption_projection_dim": 1536,
                 "pooled_projection_dim": 2048, "out_channels": 16, "pos_embed_max_size": 384,
                 "dual_attention_layers": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], "qk_norm": "rms_norm"}
                """.utf8))
        let autoencoder = try AutoencoderKLConfiguration(
            json: Data(
                """
                {"block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "norm_num_groups": 32,
                 "latent_channels": 16, "scaling_factor": 1.5305, "shift_factor": 0.0609, "use_quant_conv": false,
                 "use_post_quant_conv": false, "sample_size": 1024,
                 "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
                 "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}
                """.utf8))
        return ModelFLOPs(transformer, autoencoder, height: side, width: side, promptTokens: 154)
    }

    /// Counted by another program from the same model in diffusers: 1.1, 2.1, 2.5 and 4.9, 10.8, 10.5 TFLOP.
    @Test(arguments: [(512, 1.1, 2.1, 2.5), (1024, 4.9, 10.8, 10.5)])
    func countsAreThoseOfDiffusers(side: Int, encode: Double, transformer: Double, decode: Double) throws {
        let flops = try medium(side)
        #expect(abs(flops.encode / 1e12 - encode) < 0.06 * encode, "\(flops)")
        #expect(abs(flops.transformer / 1e12 - transformer) < 0.06 * transformer, "\(flops)")
        #expect(abs(flops.decode / 1e12 - decode) < 0.06 * decode, "\(flops)")
    }
}
