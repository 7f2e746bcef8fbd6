import StableDiffusion3
import Torch
import TorchNN
import TransparencySegmentation

/// Pictures and masks of training to latents in the transformer's range, by the VAE or from what a cache has kept of it.
final class LatentEncoder {
    let autoencoder: AutoencoderKL
    private let posterior: TrainingSettings.Posterior
    private let cache: LatentCache?
    private let device: Device

    init(_ autoencoder: AutoencoderKL, posterior: TrainingSettings.Posterior, cache: LatentCache?, device: Device) {
        (self.autoencoder, self.posterior) = (autoencoder, posterior)
        (self.cache, self.device) = (cache, device)
    }

    /// What the VAE computes in.
    var dtype: DType { autoencoder.dtype }

    /// `[N, C, h, w]`.
    ///
    /// - Parameter seeds: Of the draws from the posterior, one for each.
    /// - Throws: `TorchError`, and what writing the cache throws.
    func latents(_ sources: [TrainingSample.Source], seeds: [UInt32]) throws -> Tensor {
        let distribution = try DiagonalGaussianDistribution(parameters(sources))
        return try autoencoder.scaled(posterior == .mode ? distribution.mode() : distribution.sample(seeds: seeds))
    }

    /// The distributions' parameters `[N, 2C, h, w]`.
    private func parameters(_ sources: [TrainingSample.Source]) throws -> Tensor {
        guard let cache else { return try encode(pictures(sources)) }
        // One by one: what a picture is encoded to must not depend on its neighbors in a batch.
        let each = try sources.map { source in
            switch source {
            case .parameters(let kept): return try kept.tensor().to(dtype, device: device)
            case .picture(_, let key):
                let made = try encode(pictures([source]))
                if let key { try cache.keep(made, key: key) }
                return made
            }
        }
        return try cat(each, axis: 0)
    }

    /// Half precision is far quicker with channels last. Float32 is not, and runs of earlier versions go on to the same bits without.
    private func encode(_ pictures: Tensor) throws -> Tensor {
        try autoencoder.distributionParameters(pictures, inPlanes: dtype == .float32)
    }

    /// `[N, 3, S, S]` in −1…1 on the device.
    private func pictures(_ sources: [TrainingSample.Source]) throws -> Tensor {
        let images = sources.map { source in
            guard case .picture(let image, _) = source else { preconditionFailure("latents are kept by a cache only") }
            return image
        }
        return try (images.tensor(on: device) * 2 - 1).to(dtype)
    }
}
