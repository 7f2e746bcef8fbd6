import Files
import Foundation
import Safetensors
import Torch
import TorchNN

/// A part of a model: a transformer or a VAE in diffusers' layout.
struct ImportedPart {
    let file: String
    /// What it is, for a person.
    let finding: String
    /// The content of `config.json`.
    let configuration: Data
    let tensors: [String: ImportedTensor]

    static func transformer(
        _ parts: CheckpointParts, file: String, folder: String, base: ModelFolder?
    ) throws -> ImportedPart {
        let isOriginal = parts.transformerLayout == .original
        let layout = try TransformerLayout(
            keys: parts.transformer.keys, list: isOriginal ? "joint_blocks" : "transformer_blocks",
            norm: isOriginal ? "ln_q" : "norm_q", file: file)
        // What diffusers keeps as a buffer follows from the configuration.
        let tensors = try (isOriginal ? layout.modules : layout.modules.flatMap(\.inDiffusersLayout)).converted(
            parts.transformer, file: file, model: TransformerLayout.model,
            optional: isOriginal ? [] : [PositionTable.key])
        let known = [configurationBeside(folder), try? base?.data(of: ModelLayout.transformer)].compactMap { $0 }
        let configuration = try ImportedConfiguration.transformer(tensors, layout, known: known, file: file)
        let width = try SD3TransformerConfiguration(json: configuration.json).innerDim
        return ImportedPart(
            file: file,
            finding:
                "\(TransformerLayout.model) in \(isOriginal ? "Stability's" : "diffusers'") layout, \(layout.blockCount) blocks, "
                + "width \(width), \(tensors.commonDType)",
            configuration: configuration.json, tensors: tensors)
    }

    static func autoencoder(
        _ parts: CheckpointParts, file: String, folder: String?, base: ModelFolder?
    ) throws -> ImportedPart {
        let isOriginal = parts.autoencoderLayout == .original
        let layout =
            try isOriginal
            ? AutoencoderLayout(original: parts.autoencoder, file: file)
            : AutoencoderLayout(diffusers: parts.autoencoder, file: file)
        let tensors = try (isOriginal ? layout.modules : layout.modules.flatMap(\.inDiffusersLayout)).converted(
            parts.autoencoder, file: file, model: AutoencoderLayout.model)
        let known = [folder.flatMap(configurationBeside), try? base?.data(of: ModelLayout.autoencoder)].compactMap {
            $0
        }
        let configuration = try ImportedConfiguration.autoencoder(tensors, layout, known: known, file: file)
        return ImportedPart(
            file: file,
            finding: "\(AutoencoderLayout.model) in \(isOriginal ? "Stability's" : "diffusers'") layout, "
                + "\(layout.latentChannels) latent channels, \(tensors.commonDType)",
            configuration: configuration.json, tensors: tensors)
    }

    /// A base model's VAE as it is.
    static func autoencoder(of base: ModelFolder) throws -> ImportedPart {
        // Loading checks names and shapes.
        _ = try base.loadAutoencoder(dtype: base.autoencoderWeights().storedDType ?? .float32, device: .cpu)
        return ImportedPart(
            file: base.path, finding: AutoencoderLayout.model,
            configuration: try base.data(of: ModelLayout.autoencoder),
            tensors: try base.autoencoderWeights().importedTensors())
    }

    /// A base model's transformer with an adapter merged.
    static func merged(_ adapter: LowRankFile, into base: ModelFolder, file: String) throws -> ImportedPart {
        // Loading checks names and shapes, and that it is not folded.
        _ = try base.loadTransformer(dtype: base.transformerWeights().storedDType ?? .float32, device: .cpu)
        let tensors = try base.transformerWeights().importedTensors()
        return ImportedPart(
            file: base.path, finding: TransformerLayout.model,
            configuration: try base.data(of: ModelLayout.transformer),
            tensors: try LowRankMerge.merged(
                adapter.pairs, into: tensors, TransformerLayout(base.transformerConfiguration()), file: file,
                base: base.name))
    }

    private static func configurationBeside(_ folder: String) -> Data? {
        FileManager.default.contents(atPath: "\(folder)/config.json")
    }

    /// Writes `config.json` and the weights.
    func write(to folder: String, dtype: DType?, wrote: @escaping () -> Void) throws {
        try AtomicFile.write([UInt8](configuration), to: "\(folder)/config.json")
        let entries = tensors.map { name, tensor in
            let target = dtype ?? tensor.dtype
            return SafetensorsEntry(name, shape: tensor.shape, dtype: target) {
                let made = try tensor.read().converted(to: target, name: name)
                wrote()
                return made
            }
        }
        try SafetensorsWriter.write(to: "\(folder)/\(ModelLayout.diffusersStem).safetensors", entries: entries)
    }
}

extension ModelFolder {
    /// The content of a part's `config.json`. Throws ``ModelError``.
    func data(of part: String) throws -> Data { try configurations.data(of: configurationFile(part)) }
}
