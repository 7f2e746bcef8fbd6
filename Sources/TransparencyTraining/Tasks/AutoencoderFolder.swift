import Files
import Foundation
import Safetensors
import StableDiffusion3
import Torch
import TorchNN
import TorchTraining
import TransparencySegmentation

/// A VAE's folder in diffusers' layout.
enum AutoencoderFolder {
    static let weightsName = "diffusion_pytorch_model.safetensors"

    /// diffusers' `config.json`, that of the base where there is one.
    static func configuration(_ settings: AutoencoderTrainer.Settings, scale: Double, shift: Double) throws -> Data {
        if let base = settings.base {
            let data = try AutoencoderFiles(base).configurationData
            var values = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
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

extension AutoencoderTrainer {
    /// Throws ``TrainingError`` where there is more at a path than what a training that was killed before its first checkpoint has left.
    package nonisolated static func checkIsFree(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard FolderCheckpointStore(path).steps.isEmpty else { throw TrainingError.outputInUse(path) }
        let own = ["config.json", AutoencoderFolder.weightsName]
        let names = try? FileManager.default.contentsOfDirectory(atPath: path)
        let shown = names.map { Set($0.filter { !$0.hasPrefix(".") }) }
        guard let shown, shown.isSubset(of: own + [JSONLinesLogger.name]), !shown.isSuperset(of: own) else {
            throw TrainingError.settings([
                "--output-dir: \(path) has files in it, and nothing is overwritten; name another folder"
            ])
        }
    }

    /// Writes `config.json` and the weights to a folder that must exist. The scale and shift of the configuration bring the latents of
    /// `batches` batches of pictures and masks to mean 0 and standard deviation 1.
    ///
    /// - Throws: `FileError`, `SafetensorsError`, and what reading pictures throws.
    package func write(to folder: String, batches: Int = 16) async throws {
        var (sum, squares, count) = (0.0, 0.0, 0)
        for _ in 0..<batches {
            let samples = try await loader.next().samples
            let latents = try autoencoder.means(of: images(samples.map(\.picture) + samples.compactMap(\.mask)))
            sum += try latents.sum().item()
            squares += try (latents * latents).sum().item()
            count += latents.elementCount
        }
        let mean = sum / Double(count)
        let deviation = (squares / Double(count) - mean * mean).squareRoot()
        let json = try AutoencoderFolder.configuration(settings, scale: 1 / deviation, shift: mean)
        try AtomicFile.write(Array(json), to: "\(folder)/config.json")
        try SafetensorsWriter.write(
            to: "\(folder)/\(AutoencoderFolder.weightsName)",
            entries: autoencoder.state().map {
                SafetensorsEntry($0.key, try $0.tensor.to(.float32, device: .cpu))
            })
    }

    /// Writes a VAE with fresh weights to a folder that does not exist yet.
    ///
    /// Throws `FileError`, `ModelError`, `SafetensorsError`.
    package nonisolated static func writeFresh(_ settings: Settings, to folder: String) throws {
        let json = try AutoencoderFolder.configuration(settings, scale: 1, shift: 0)
        let weights = try AutoencoderKL.freshWeights(
            AutoencoderKLConfiguration(json: json), seed: UInt32(truncatingIfNeeded: settings.seed))
        try makeFolder(folder)
        try AtomicFile.write(Array(json), to: "\(folder)/config.json")
        try SafetensorsWriter.write(
            to: "\(folder)/\(AutoencoderFolder.weightsName)",
            entries: weights.sorted { $0.key < $1.key }.map { SafetensorsEntry($0.key, $0.value) })
    }
}

extension AutoencoderTrainer: TrainingTask {
    package var bestStep: Int? { nil }
    package func validate(writingTo folder: String) async throws -> (any TrainingRecord)? { nil }

    package func writeModel(in folder: String, from store: (any CheckpointStore)?) async throws {
        try await write(to: folder)
    }
}

extension AutoencoderTrainer.Update: TrainingRecord {
    package var summary: String {
        String(format: "error %.4f, divergence %.2f, mask %.4f", reconstruction, divergence, mask)
    }
}
