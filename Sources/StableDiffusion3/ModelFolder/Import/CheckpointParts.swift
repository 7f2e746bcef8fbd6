import Safetensors

/// A checkpoint's weights by the parts of a model.
struct CheckpointParts {
    enum Layout {
        /// Stability's and ComfyUI's.
        case original
        case diffusers
    }

    private(set) var transformer: [String: ImportedTensor] = [:]
    private(set) var autoencoder: [String: ImportedTensor] = [:]
    /// How the keys begin that belong to no part that is taken, and how many there are.
    private(set) var passedOver: [String: Int] = [:]

    private static let transformerPrefixes = ["model.diffusion_model.", "diffusion_model.", "transformer."]
    private static let autoencoderPrefixes = ["first_stage_model.", "vae."]
    private static let transformerNames: Set<Substring> = [
        "joint_blocks", "x_embedder", "t_embedder", "y_embedder", "context_embedder", "final_layer", "pos_embed",
        "transformer_blocks", "time_text_embed", "norm_out", "proj_out",
    ]
    private static let autoencoderNames: Set<Substring> = ["encoder", "decoder", "quant_conv", "post_quant_conv"]

    /// Throws ``ImportError`` where two tensors are the same weight, and for models of another kind.
    init(_ weights: ImportedWeights) throws {
        let names = SafetensorsCollection.unwrapped(weights.tensors.keys)
        for (key, tensor) in weights.tensors.sorted(by: { $0.key < $1.key }) {
            let name = names[key] ?? key
            if let own = Self.dropping(Self.transformerPrefixes, from: name) {
                try Self.add(own, tensor, to: &transformer)
            } else if let own = Self.dropping(Self.autoencoderPrefixes, from: name) {
                try Self.add(own, tensor, to: &autoencoder)
            } else {
                let first = name.prefix { $0 != "." }
                if Self.transformerNames.contains(first) {
                    try Self.add(name, tensor, to: &transformer)
                } else if Self.autoencoderNames.contains(first) {
                    try Self.add(name, tensor, to: &autoencoder)
                } else {
                    passedOver[String(first), default: 0] += 1
                }
            }
        }
        passedOver["scaled_fp8"] = nil
        guard !transformer.isEmpty || !autoencoder.isEmpty, Self.other(weights.tensors.keys) == nil else {
            let kind = Self.other(weights.tensors.keys).map { "it is \($0)" }
            throw ImportError(
                "\(weights.source) has no weights of a Stable Diffusion 3 model: "
                    + (kind
                        ?? (weights.tensors.isEmpty
                            ? "it has no tensors" : "its keys are \(ImportError.list(weights.tensors.keys))"))
            )
        }
        transformer = try ScaledWeights.applied(to: transformer)
        autoencoder = try ScaledWeights.applied(to: autoencoder)
    }

    var transformerLayout: Layout { Self.layout(transformer, original: "joint_blocks.") }
    var autoencoderLayout: Layout {
        Self.layout(autoencoder, original: "encoder.down.", "decoder.up.", "encoder.mid.", "decoder.mid.")
    }

    private static func layout(_ tensors: [String: ImportedTensor], original beginnings: String...) -> Layout {
        tensors.keys.contains { key in beginnings.contains(where: key.hasPrefix) } ? .original : .diffusers
    }

    private static func dropping(_ prefixes: [String], from name: String) -> String? {
        prefixes.first(where: name.hasPrefix).map { String(name.dropFirst($0.count)) }
    }

    private static func add(_ name: String, _ tensor: ImportedTensor, to part: inout [String: ImportedTensor]) throws {
        if let other = part.updateValue(tensor, forKey: name) {
            throw ImportError(
                "\(tensor.file): the tensors \(other.name) and \(tensor.name) are the same weight, \(name)")
        }
    }

    /// What weights are of that are of no model that can be imported; nil where they may be.
    private static func other(_ keys: some Collection<String>) -> String? {
        guard case .other(let name) = WeightLayout(of: keys) else { return nil }
        return name
    }
}
