package import Torch
import TorchNN
package import TorchTraining

/// ``AutoencoderKL`` for training: its weights are in a ``TrainedState``, and a pass leaves gradients there.
package final class TrainableAutoencoder {
    package let configuration: AutoencoderKLConfiguration
    /// Of the autoencoder, then of the head.
    package let trained: TrainedState
    /// A linear guess of the mask from a picture's latent, which only training has: weight `[1, C]` and bias `[1]`.
    private let head: Linear
    private let autoencoder: AutoencoderKL

    /// Copies weights, by diffusers' keys; computes in float32.
    package init(_ configuration: AutoencoderKLConfiguration, _ tensors: [String: Tensor], device: Device) throws {
        self.configuration = configuration
        let weights = tensors.sorted { $0.key < $1.key }.map { (name: $0.key, tensor: $0.value) }
        let headWeights = [
            (name: "weight", tensor: try Tensor.zeros([1, configuration.latentChannels])),
            (name: "bias", tensor: try Tensor.zeros([1])),
        ]
        trained = try TrainedState([("", weights), ("", headWeights)], dtype: .float32, device: device)
        let leaves = try trained.parts.map { Weights(try $0.weights.acquire(), dtype: .float32, device: device) }
        autoencoder = try AutoencoderKL(configuration, leaves[0])
        head = try Linear(leaves[1], configuration.latentChannels, 1)
    }

    /// The autoencoder's weights by diffusers' keys, sharing the masters' memory.
    package func state() throws -> [(key: String, tensor: Tensor)] {
        try trained.gathered(.master, of: 0).map(trained.parts[0].layout.views) ?? []
    }

    /// The losses of a pass.
    package struct Losses: Sendable {
        /// The mean absolute difference of pictures and reconstructions, in −1…1.
        package let reconstruction: Double
        /// The mean over latent elements of the divergence from the standard normal distribution, nats.
        package let divergence: Double
        /// The mean squared difference of the masks and what ``maskHead`` guesses, both in 0…1 at the latent's resolution.
        package let mask: Double
    }

    /// What counts besides the reconstruction.
    package struct LossWeights: Sendable, Equatable {
        /// Of the divergence (Kingma and Welling, arXiv 1312.6114).
        package var divergence: Double
        /// Of the guessed masks: makes the latents of pictures tell what is transparent.
        package var mask: Double

        package init(divergence: Double, mask: Double) {
            (self.divergence, self.mask) = (divergence, mask)
        }
    }

    /// One pass, whose gradients are added to those in ``trained``: mean absolute error of what draws from the posteriors are
    /// decoded to, and the other losses by their weights.
    ///
    /// - Parameters:
    ///   - pictures: `[M, 3, H, W]` in −1…1, float32.
    ///   - masks: Theirs, of the same shape and range.
    ///   - reconstructed: The first so many pictures and masks are decoded as well, which is the larger part of the work.
    ///   - seed: Of the draws.
    package func accumulateGradients(
        pictures: Tensor, masks: Tensor, reconstructed count: Int, weights: LossWeights, seed: UInt32
    ) throws -> Losses {
        for part in trained.parts { try part.beginGradient() }
        let losses = try withGradients {
            let posterior = try autoencoder.encode(pictures)
            let own = try posterior.first(count)
            let images = try cat([pictures, masks].map { try $0.narrow(0, start: 0, length: count) }, axis: 0)
            let both = try own.joined(
                autoencoder.encode(images.narrow(0, start: count, length: count)))
            let reconstruction = try (autoencoder.decode(both.sample(seed: seed)) - images).abs().mean()
            let (mean, logVariance) = (both.mean, both.logVariance)
            let divergence = try (mean * mean + logVariance.exp() - 1 - logVariance).mean() * 0.5
            let guess = try head(posterior.mean.permute([0, 2, 3, 1]))
            let mask = try guess.meanSquaredError(coarse(masks, height: mean.size(2), width: mean.size(3)))
            try (reconstruction + divergence * weights.divergence + mask * weights.mask).backward()
            let values = try Tensor.items([reconstruction, divergence, mask])
            return Losses(reconstruction: values[0], divergence: values[1], mask: values[2])
        }
        for part in trained.parts { try part.endGradient() }
        return losses
    }

    /// Masks `[N, 3, H, W]` in −1…1 to shares `[N, h, w, 1]` in 0…1 of the latent's positions.
    private func coarse(_ masks: Tensor, height: Int, width: Int) throws -> Tensor {
        let (rows, columns) = (masks.size(2) / height, masks.size(3) / width)
        let parts = try masks.reshape([masks.size(0), 3, height, rows, width, columns])
        return try (parts.mean([1, 3, 5], keepingAxes: false) / 2 + 0.5).unsqueeze(-1)
    }

    /// The posterior's means of pictures `[N, 3, H, W]` in −1…1, without gradients: `[N, C, h, w]`.
    package func means(of images: Tensor) throws -> Tensor {
        try withoutGradients { try autoencoder.encode(images).mode() }
    }

    /// Pictures `[N, 3, H, W]` in −1…1 through the posterior's means and back, without gradients.
    package func reconstruct(_ images: Tensor) throws -> Tensor {
        try withoutGradients { try autoencoder.decode(autoencoder.encode(images).mode()) }
    }
}
