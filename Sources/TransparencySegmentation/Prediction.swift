import Safetensors
import Torch
import TorchNN

/// Everything that one pass computes. All tensors are in the model's dtype on its device.
package struct Prediction {
    /// `[N, 3, H, W]` in 0…1, float32.
    package let image: Tensor
    /// `[N, 16, H/8, W/8]` in the transformer's range.
    package let imageLatent: Tensor
    /// `[N, 16, H/8, W/8]` in the transformer's range.
    package let predictionLatent: Tensor
    /// `[N, 3, H, W]`, about −1…1 and not clamped.
    package let decoded: Tensor
    /// What the decoded picture shows.
    package let target: MaskTarget
    package let timings: Timings

    /// The picture that was decoded, `[N, 3, H, W]` in 0…1: three estimates of a binary mask, or a mask in colors.
    package func mask() throws -> Tensor { try (decoded / 2 + 0.5).clamp(0...1) }

    /// The soft mask `[N, 1, H, W]` in 0…1, float32.
    package func softMask() throws -> Tensor { try target.softMask(of: mask().to(.float32)) }

    /// Where the soft mask is above the threshold, `[N, 1, H, W]`, bool.
    package func quantizedMask(threshold: Float) throws -> Tensor { try softMask().greater(than: Double(threshold)) }

    /// Writes every tensor as float32 under its snake-case name (`image_latent`, …, `mask_quantized`).
    ///
    /// - Parameter threshold: The soft value above which `mask_quantized` is 1.
    package func write(to path: String, threshold: Float) throws {
        let tensors = [
            "image": image, "image_latent": imageLatent, "prediction_latent": predictionLatent, "decoded": decoded,
            "mask": try mask(), "mask_quantized": try quantizedMask(threshold: threshold),
        ]
        try SafetensorsWriter.write(
            to: path, entries: tensors.map { .init($0, try $1.to(.float32, device: .cpu)) })
    }
}
