import Files
package import Foundation
import Limits
import Safetensors
import Torch
import TorchNN

extension AutoencoderKLConfiguration {
    /// The content of a `config.json`. Throws ``ModelError`` with the key and what was expected of it.
    package init(json: Data) throws { self = try Self.decode(json, file: "the autoencoder's configuration") }
}

extension SD3TransformerConfiguration {
    /// The content of a `config.json`. Throws ``ModelError`` with the key and what was expected of it.
    package init(json: Data) throws { self = try Self.decode(json, file: "the transformer's configuration") }
}

extension ModelFolder {
    /// The shape of a transformer that is trained from nothing.
    package struct TransformerShape: Sendable {
        package var layers = 6
        package var heads = 6
        package var headDim = 32
        /// Side of the square of latent positions that becomes one token.
        package var patchSize = 2
        /// Blocks from the first on that have a second attention.
        package var dualLayers = 2
        /// Tokens of the prompt, all of them zero, and their width.
        package var promptTokens = 4
        package var promptWidth = 64

        package init() {}

        /// What is beyond all bounds; what else makes no sense the configuration tells.
        fileprivate var problem: String? {
            NumberBounds.problem("layers", layers, NumberBounds.layers)
                ?? NumberBounds.problem("heads", heads, NumberBounds.width)
                ?? NumberBounds.problem("head-dim", headDim, NumberBounds.width)
                ?? NumberBounds.problem("patch-size", patchSize, NumberBounds.patch)
                ?? NumberBounds.problem("dual-layers", dualLayers, 0...NumberBounds.layers.upperBound)
        }
    }

    /// Makes a model from nothing around a VAE: a transformer with fresh weights, a copy of the VAE, and an empty prompt of zeros.
    ///
    /// - Parameters:
    ///   - path: A folder that does not exist yet; it appears whole or not at all.
    ///   - autoencoder: A folder with a VAE's `config.json` and weights.
    ///   - side: The side of the pictures that the model is made for.
    ///   - head: Whether the model gets a readout of one class too.
    /// - Throws: ``ModelError`` when something is at `path`, or the shape makes no sense.
    package static func create(
        at path: String, autoencoder: String, side: Int, shape: TransformerShape, head: MaskHead = .latent, seed: UInt32
    ) throws {
        if let problem = shape.problem ?? NumberBounds.problem("resolution", side, NumberBounds.side) {
            throw ModelError.size(problem)
        }
        guard !FileManager.default.fileExists(atPath: path) else {
            throw FileError.taken(path)
        }
        let source = try AutoencoderFiles(autoencoder)
        let vae = source.configuration
        try StagedFolder.write(to: path) { staged in
            let staging = staged.path
            for part in [ModelLayout.transformer, ModelLayout.autoencoder, ModelLayout.promptFolder] {
                try staged.makeFolder(part)
            }
            let copy = "\(staging)/\(ModelLayout.autoencoder)"
            try AtomicFile.write([UInt8](source.configurationData), to: "\(copy)/config.json")
            try SafetensorsWriter.write(
                to: "\(copy)/\(ModelLayout.diffusersStem).safetensors",
                entries: source.weights.tensors().sorted { $0.key < $1.key }.map { SafetensorsEntry($0.key, $0.value) })
            let json = try configuration(of: shape, channels: vae.latentChannels, side: side / vae.downsampling)
            let configuration = try SD3TransformerConfiguration(json: json)
            // Modulation, which a folded model is without, is twelve matrices of a block's twenty-four.
            let numbers = MachineMemory.product(2, FoldedTransformer.parameterCount(configuration, promptTokens: 1))
            let table = MachineMemory.product(
                configuration.posEmbedMaxSize, configuration.posEmbedMaxSize, configuration.innerDim)
            try MachineMemory.check(
                MachineMemory.product(4, numbers) + MachineMemory.product(8, table), for: "making this model",
                remedy: "make it of fewer or narrower layers, or for smaller pictures")
            try AtomicFile.write([UInt8](json), to: "\(staging)/\(ModelLayout.transformer)/config.json")
            try SafetensorsWriter.write(
                to: "\(staging)/\(ModelLayout.transformer)/\(ModelLayout.diffusersStem).safetensors",
                entries: SD3Transformer2DModel.freshWeights(configuration, seed: seed).map { SafetensorsEntry($0, $1) })
            try PromptEmbeddings(
                tokens: Tensor.zeros([1, shape.promptTokens, shape.promptWidth]),
                pooled: Tensor.zeros([1, shape.promptWidth])
            ).write(to: "\(staging)/\(ModelLayout.promptFolder)/\(ModelLayout.promptFile)")
            if head == .readout {
                let form = HeadForm.readout(.init(configuration, vae, classes: 1))
                try HeadWeights(form, form.freshWeights(seed: seed)).write(to: staging)
            }
            try ModelFolder(staging).check()
        }
    }

    private static func configuration(of shape: TransformerShape, channels: Int, side: Int) throws -> Data {
        let values: [String: Any] = [
            "_class_name": "SD3Transformer2DModel", "_diffusers_version": "0.35.2", "sample_size": side,
            "patch_size": shape.patchSize, "in_channels": channels, "out_channels": channels,
            "num_layers": shape.layers, "attention_head_dim": shape.headDim, "num_attention_heads": shape.heads,
            "joint_attention_dim": shape.promptWidth, "caption_projection_dim": shape.heads * shape.headDim,
            "pooled_projection_dim": shape.promptWidth,
            // Twice the size that it is made for, so that larger pictures can be tried.
            "pos_embed_max_size": 2 * side / max(1, shape.patchSize),
            "dual_attention_layers": Array(0..<min(shape.dualLayers, shape.layers)), "qk_norm": "rms_norm",
        ]
        return try JSONSerialization.data(withJSONObject: values, options: [.prettyPrinted, .sortedKeys])
    }
}
