import Torch
import TorchNN

/// ``AutoencoderKL`` for training: its weights lie in one buffer, and a pass leaves gradients there.
public final class TrainableAutoencoder {
    public let configuration: AutoencoderKLConfiguration
    public let buffer: ParameterBuffer
    private let autoencoder: AutoencoderKL

    /// Copies weights, by diffusers' keys; computes in float32.
    public init(_ configuration: AutoencoderKLConfiguration, _ tensors: [String: Tensor], device: Device) throws {
        self.configuration = configuration
        let weights = tensors.sorted { $0.key < $1.key }.map { (name: $0.key, tensor: $0.value) }
        buffer = try ParameterBuffer(prefix: "", weights, dtype: .float32, device: device)
        autoencoder = try AutoencoderKL(configuration, Weights(buffer.leaves, dtype: .float32, device: device))
    }

    /// The losses of a pass.
    public struct Losses: Sendable {
        /// The mean absolute difference of pictures and reconstructions, in −1…1.
        public let reconstruction: Double
        /// The mean over latent elements of the divergence from the standard normal distribution, nats.
        public let divergence: Double
    }

    /// One pass, whose gradients are added to ``buffer``: mean absolute error of what a draw from the posterior is decoded to, plus
    /// `divergenceWeight` times the divergence (Kingma and Welling, arXiv 1312.6114).
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]` in −1…1, float32.
    ///   - seed: Of the draw.
    public func accumulateGradients(_ images: Tensor, divergenceWeight: Double, seed: UInt32) throws -> Losses {
        try withGradients {
            let posterior = try autoencoder.encode(images)
            let decoded = try autoencoder.decode(posterior.sample(seed: seed))
            let reconstruction = try (decoded - images).abs().mean()
            let (mean, logVariance) = (posterior.mean, posterior.logVariance)
            let divergence = try (mean * mean + logVariance.exp() - 1 - logVariance).mean() * 0.5
            try (reconstruction + divergence * divergenceWeight).backward()
            return Losses(reconstruction: try reconstruction.item(), divergence: try divergence.item())
        }
    }

    /// The posterior's means of pictures `[N, 3, H, W]` in −1…1, without gradients: `[N, C, h, w]`.
    public func means(of images: Tensor) throws -> Tensor {
        try withoutGradients { try autoencoder.encode(images).mode() }
    }

    /// Pictures `[N, 3, H, W]` in −1…1 through the posterior's means and back, without gradients.
    public func reconstruct(_ images: Tensor) throws -> Tensor {
        try withoutGradients { try autoencoder.decode(autoencoder.encode(images).mode()) }
    }
}
