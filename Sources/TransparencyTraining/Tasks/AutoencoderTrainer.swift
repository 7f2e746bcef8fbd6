import Foundation
import Safetensors
import SeededRandom
import StableDiffusion3
package import Torch
import TorchNN
import TorchTraining
package import TransparencyData
import TransparencySegmentation

/// Trains a small VAE from nothing to reconstruct pictures and masks, half of each batch each.
///
/// Made for models of our own; Stable Diffusion's VAE is taken as it is.
@ComputeActor
package final class AutoencoderTrainer {
    /// What the numbers depend on besides the data.
    package struct Settings: Sendable, Equatable, Codable {
        /// Channels of each resolution, from the picture's down to the latent's.
        package var channels = [16, 32, 64, 64]
        package var layersPerBlock = 1
        package var normGroups = 8
        package var latentChannels = 16
        /// The side of the square that pictures are brought to.
        package var resolution = 128
        package var steps = 4000
        /// Pictures of an update, and as many masks.
        package var batchSize = 8
        package var lr = 1e-3
        /// The weight of the divergence from the standard normal distribution.
        package var divergenceWeight = 1e-4
        /// The weight of masks that are guessed from pictures' latents.
        package var maskWeight = 0.0
        /// Pictures of an update whose masks are guessed; those that are reconstructed are among them.
        package var maskBatchSize: Int?
        /// A VAE's folder to go on from, which gives the shape too; nil to begin from nothing.
        package var base: String?
        package var seed: UInt64 = 0

        package init() {}
    }

    /// What one update did.
    package struct Update: Codable, Sendable {
        /// From 1 on.
        package let step: Int
        package let reconstruction: Double
        package let divergence: Double
        /// Of the guessed masks.
        package let mask: Double
        package let lr: Double
    }

    package let settings: Settings
    let autoencoder: TrainableAutoencoder
    let optimizer: AdamW
    private let schedule: LearningRateSchedule
    let loader: TrainingLoader
    private let device: Device
    /// Of the training files.
    let filesHash: String

    /// - Throws: ``TrainingError/settings(_:)``, `DatasetError`, `ModelError`, `TorchError`.
    package init(_ settings: Settings, dataset: Dataset, device: Device, workerCount: Int) throws {
        let problems = settings.problems()
        guard problems.isEmpty else { throw TrainingError.settings(problems) }
        (self.settings, self.device) = (settings, device)
        let configuration = try AutoencoderKLConfiguration(
            json: AutoencoderFolder.configuration(settings, scale: 1, shift: 0))
        try settings.checkMemory(firstChannels: configuration.blockOutChannels[0])
        let weights =
            try settings.base.map { try AutoencoderFiles($0).weights.tensors() }
            ?? AutoencoderKL.freshWeights(configuration, seed: UInt32(truncatingIfNeeded: settings.seed))
        autoencoder = try TrainableAutoencoder(configuration, weights, device: device)
        optimizer = try AdamW(autoencoder.trained, .init(eps: 1e-8))
        schedule = LearningRateSchedule(
            peak: settings.lr, warmupSteps: min(200, settings.steps / 10), totalSteps: settings.steps, floorRatio: 0.02)
        let reading = TrainingSamples(
            seed: settings.seed, isShuffled: true, isAugmented: false, side: settings.resolution,
            batchSize: settings.maskBatchSize ?? settings.batchSize, target: .binary)
        let pairs = try dataset.pairs(.train)
        try dataset.check(pairs)
        filesHash = try dataset.filesHash(of: pairs)
        loader = TrainingLoader(
            TrainingReader(dataset, pairs, reading, cache: nil, tolerance: 0), cursor: 0, workerCount: workerCount)
    }

    /// Updates so far.
    package private(set) var step = 0
    package var totalSteps: Int { settings.steps }
    package var isFinished: Bool { step >= totalSteps }

    /// Does the next update.
    ///
    /// - Throws: ``TrainingError/notFinite(_:names:)``, what reading pictures throws, and `TorchError`. Everything is then as it was
    ///   before the update.
    package func update() async throws -> Update {
        do {
            return try await tryUpdate()
        } catch {
            seek(to: step)
            try? autoencoder.trained.discardGradients()
            throw error
        }
    }

    /// Goes to the data and draws of an update.
    func seek(to step: Int) {
        self.step = step
        loader.seek(to: step * (settings.maskBatchSize ?? settings.batchSize))
    }

    private func tryUpdate() async throws -> Update {
        let batch = try await loader.next()
        var random = SplitMix64(seed: settings.seed, stream: UInt64(step))
        let losses = try autoencoder.accumulateGradients(
            pictures: images(batch.samples.map(\.picture)), masks: images(batch.samples.compactMap(\.mask)),
            reconstructed: settings.batchSize,
            weights: .init(divergence: settings.divergenceWeight, mask: settings.maskWeight),
            seed: UInt32(truncatingIfNeeded: random.next() >> 1))
        let clip = try GradientClip(autoencoder.trained, limit: 1)
        let norm = try clip.norm.item()
        guard losses.reconstruction.isFinite, norm.isFinite else {
            throw TrainingError.notFinite(1, names: batch.names)
        }
        let rate = schedule.rate(at: step)
        try optimizer.step(learningRate: rate, factor: clip.factor)
        step += 1
        return Update(
            step: step, reconstruction: losses.reconstruction, divergence: losses.divergence, mask: losses.mask,
            lr: rate)
    }

    /// `[N, 3, S, S]` in −1…1.
    func images(_ sources: [TrainingSample.Source]) throws -> Tensor {
        try sources.map { source in
            guard case .picture(let image, _) = source else { preconditionFailure("no cache is used here") }
            return image
        }.tensor(on: device) * 2 - 1
    }
}
