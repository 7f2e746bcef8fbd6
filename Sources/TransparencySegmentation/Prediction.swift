import Safetensors
import Torch
import TorchNN

/// Everything that one pass computes. Tensors are in the model's dtype on its device unless another is named.
package struct Prediction {
    /// What the transformer and its head came to.
    package enum Output {
        /// The mask's latent `[N, 16, H/8, W/8]` in the transformer's range, and what the VAE makes of it, `[N, 3, H, W]`, about −1…1 and not
        /// clamped.
        case picture(latent: Tensor, decoded: Tensor)
        /// A readout's `[N, K, H, W]`, float32.
        case logits(Tensor)
    }

    /// `[N, 3, H, W]` in 0…1, float32.
    package let image: Tensor
    /// `[N, 16, H/8, W/8]` in the transformer's range.
    package let imageLatent: Tensor
    package let output: Output
    /// What the mask's channels mean.
    package let channels: MaskChannels
    package let timings: Timings

    /// What the VAE has decoded; nil of a readout.
    package var decoded: Tensor? {
        if case .picture(_, let decoded) = output { decoded } else { nil }
    }

    /// The mask, `[N, C, H, W]` in 0…1: a picture of three channels, or the probabilities of a readout's classes.
    package func mask() throws -> Tensor {
        switch output {
        case .picture(_, let decoded): try (decoded / 2 + 0.5).clamp(0...1)
        case .logits(let logits): try channels.probabilities(of: logits)
        }
    }

    /// The soft mask `[N, 1, H, W]` in 0…1, float32.
    package func softMask() throws -> Tensor { try channels.softMask(of: mask().to(.float32)) }

    /// Where the soft mask is above the threshold, `[N, 1, H, W]`, bool.
    package func quantizedMask(threshold: Float) throws -> Tensor { try softMask().greater(than: Double(threshold)) }

    /// Writes every tensor as float32 under its snake-case name (`image_latent`, …, `mask_quantized`).
    ///
    /// - Parameter threshold: The soft value above which `mask_quantized` is 1.
    package func write(to path: String, threshold: Float) throws {
        var tensors = [
            "image": image, "image_latent": imageLatent, "mask": try mask(),
            "mask_quantized": try quantizedMask(threshold: threshold),
        ]
        switch output {
        case .picture(let latent, let decoded):
            (tensors["prediction_latent"], tensors["decoded"]) = (latent, decoded)
        case .logits(let logits): tensors["logits"] = logits
        }
        try SafetensorsWriter.write(
            to: path, entries: tensors.map { .init($0, try $1.to(.float32, device: .cpu)) })
    }
}
