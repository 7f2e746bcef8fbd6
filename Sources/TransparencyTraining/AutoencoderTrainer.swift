import Foundation
import Safetensors
import SeededRandom
import StableDiffusion3
public import Torch
import TorchNN
import TorchTraining
package import TransparencyData
import TransparencySegmentation

/// Trains a small VAE from nothing to reconstruct pictures and masks, half of each batch each.
///
/// Made for models of our own; Stable Diffusion's VAE is taken as it is.
public final class AutoencoderTrainer {
    /// What the numbers depend on besides the data.
    public struct Settings: Sendable, Equatable {
        /// Channels of each resolution, from the picture's down to the latent's.
        public var channels = [16, 32, 64, 64]
        public var layersPerBlock = 1
        public var normGroups = 8
        public var latentChannels = 16
        /// The side of the square that pictures are brought to.
        public var resolution = 128
        public var steps = 4000
        /// Pictures of an update, and as many masks.
        public var batchSize = 8
        public var lr = 1e-3
        /// The weight of the divergence from the standard normal distribution.
        public var divergenceWeight = 1e-4
        /// The weight of masks that are guessed from pictures' latents.
        public var maskWeight = 0.0
        /// Pictures of an update whose masks are guessed; those that are reconstructed are among them.
        public var maskBatchSize: Int?
        /// A VAE's folder to go on from, which gives the shape too; nil to begin from nothing.
        public var base: String?
        public var seed: UInt64 = 0

        public init() {}
    }

    /// What one update did.
    public struct Update: Codable, Sendable {
        /// From 1 on.
        public let step: Int
        public let reconstruction: Double
        public let divergence: Double
        /// Of the guessed masks.
        public let mask: Double
        public let lr: Double
    }

    public let settings: Settings
    private let autoencoder: TrainableAutoencoder
    private let optimizer: AdamW
    private let schedule: LearningRateSchedule
    private let loader: TrainingLoader
    private let device: Device
    private var step = 0

    /// - Throws: ``TrainingError/settings(_:)``, `DatasetError`, `ModelError`, `TorchError`.
    package init(_ settings: Settings, dataset: Dataset, device: Device, workerCount: Int) throws {
        let unit = 1 << max(0, settings.channels.count - 1)
        guard settings.resolution > 0, settings.resolution % unit == 0, settings.steps > 0, settings.batchSize > 0,
            settings.lr > 0, settings.divergenceWeight >= 0, settings.maskWeight >= 0,
            settings.maskBatchSize ?? settings.batchSize >= settings.batchSize
        else {
            throw TrainingError.settings([
                "resolution must be a multiple of \(unit), steps and batch at least 1, lr above 0, the losses' weights 0 or more, and the batch of guessed masks no smaller than the other"
            ])
        }
        (self.settings, self.device) = (settings, device)
        let configuration = try AutoencoderKLConfiguration(json: Self.configuration(settings, scale: 1, shift: 0))
        let weights =
            try settings.base.map { try SafetensorsCollection(path: "\($0)/\(Self.weightsName)").tensors() }
            ?? AutoencoderKL.freshWeights(configuration, seed: UInt32(truncatingIfNeeded: settings.seed))
        autoencoder = try TrainableAutoencoder(configuration, weights, device: device)
        optimizer = try AdamW([autoencoder.buffer, autoencoder.maskHead], .init(eps: 1e-8))
        schedule = LearningRateSchedule(
            peak: settings.lr, warmupSteps: min(200, settings.steps / 10), totalSteps: settings.steps, floorRatio: 0.02)
        var reading = TrainingSettings()
        reading.resolution = settings.resolution
        reading.trainBatchSize = settings.maskBatchSize ?? settings.batchSize
        (reading.augment, reading.seed) = (false, settings.seed)
        loader = TrainingLoader(dataset, try dataset.pairs(.train), reading, cursor: 0, workerCount: workerCount)
    }

    public var isFinished: Bool { step >= settings.steps }

    /// Does the next update. Throws ``TrainingError/notFinite(_:names:)``, what reading pictures throws, and `TorchError`.
    public func update() async throws -> Update {
        let batch = try await loader.next()
        var random = SplitMix64(seed: settings.seed, stream: UInt64(step))
        let losses = try autoencoder.accumulateGradients(
            pictures: images(batch.samples.map(\.picture)), masks: images(batch.samples.map(\.mask)),
            reconstructed: settings.batchSize,
            weights: .init(divergence: settings.divergenceWeight, mask: settings.maskWeight),
            seed: UInt32(truncatingIfNeeded: random.next() >> 1))
        let norm = try clipGradientNorm(optimizer.buffers, limit: 1).item()
        guard losses.reconstruction.isFinite, norm.isFinite else {
            throw TrainingError.notFinite(1, names: batch.names)
        }
        let rate = schedule.rate(at: step)
        try optimizer.step(learningRate: rate)
        step += 1
        return Update(
            step: step, reconstruction: losses.reconstruction, divergence: losses.divergence, mask: losses.mask,
            lr: rate)
    }

    /// `[N, 3, S, S]` in −1…1.
    private func images(_ sources: [TrainingSample.Source]) throws -> Tensor {
        try sources.map { source in
            guard case .picture(let image, _) = source else { preconditionFailure("no cache is used here") }
            return image
        }.tensor(on: device) * 2 - 1
    }

    /// Writes `config.json` and the weights to a folder that must exist. The scale and shift of the configuration bring the latents of
    /// `batches` batches of pictures and masks to mean 0 and standard deviation 1.
    ///
    /// - Throws: `AtomicFileError`, `SafetensorsError`, and what reading pictures throws.
    public func write(to folder: String, batches: Int = 16) async throws {
        var (sum, squares, count) = (0.0, 0.0, 0)
        for _ in 0..<batches {
            let samples = try await loader.next().samples
            let latents = try autoencoder.means(of: images(samples.map(\.picture) + samples.map(\.mask)))
            sum += try latents.sum().item()
            squares += try (latents * latents).sum().item()
            count += latents.elementCount
        }
        let mean = sum / Double(count)
        let deviation = (squares / Double(count) - mean * mean).squareRoot()
        try Self.configuration(settings, scale: 1 / deviation, shift: mean).write(
            to: URL(fileURLWithPath: "\(folder)/config.json"), options: .atomic)
        try SafetensorsWriter.write(
            to: "\(folder)/\(Self.weightsName)",
            entries: autoencoder.buffer.views(of: autoencoder.buffer.master).map {
                SafetensorsEntry($0.key, try $0.tensor.to(.float32, device: .cpu))
            })
    }

    /// Writes a VAE with fresh weights to a folder that does not exist yet.
    ///
    /// Throws ``TrainingError/unwritable(_:reason:)``, `ModelError`, `SafetensorsError`.
    public static func writeFresh(_ settings: Settings, to folder: String) throws {
        let json = try configuration(settings, scale: 1, shift: 0)
        let weights = try AutoencoderKL.freshWeights(
            AutoencoderKLConfiguration(json: json), seed: UInt32(truncatingIfNeeded: settings.seed))
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try json.write(to: URL(fileURLWithPath: "\(folder)/config.json"))
        } catch {
            throw TrainingError.unwritable(folder, reason: error.localizedDescription)
        }
        try SafetensorsWriter.write(
            to: "\(folder)/\(weightsName)",
            entries: weights.sorted { $0.key < $1.key }.map { SafetensorsEntry($0.key, $0.value) })
    }

    private static let weightsName = "diffusion_pytorch_model.safetensors"

    /// diffusers' `config.json`, that of the base where there is one.
    private static func configuration(_ settings: Settings, scale: Double, shift: Double) throws -> Data {
        if let base = settings.base {
            guard let data = FileManager.default.contents(atPath: "\(base)/config.json"),
                var values = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
            else { throw TrainingError.settings(["\(base)/config.json cannot be read; a VAE's folder was expected"]) }
            (values["scaling_factor"], values["shift_factor"]) = (scale, shift)
            return try JSONSerialization.data(withJSONObject: values, options: [.prettyPrinted, .sortedKeys])
        }
        let levels = settings.channels.count
        let values: [String: Any] = [
            "_class_name": "AutoencoderKL", "_diffusers_version": "0.35.2", "act_fn": "silu",
            "block_out_channels": settings.channels,
            "down_block_types": [String](repeating: "DownEncoderBlock2D", count: levels),
            "up_block_types": [String](repeating: "UpDecoderBlock2D", count: levels), "force_upcast": true,
            "in_channels": 3, "out_channels": 3, "latent_channels": settings.latentChannels,
            "layers_per_block": settings.layersPerBlock, "mid_block_add_attention": true,
            "norm_num_groups": settings.normGroups, "sample_size": settings.resolution, "scaling_factor": scale,
            "shift_factor": shift, "use_quant_conv": false, "use_post_quant_conv": false,
        ]
        return try JSONSerialization.data(withJSONObject: values, options: [.prettyPrinted, .sortedKeys])
    }
}
