package import Torch
import TorchNN

/// What of a transformer is trained.
package enum TrainedForm: Sendable, Equatable {
    /// All weights of the plain form.
    case all
    /// All weights of the folded form, the constant conditioning as vectors among them: a third less.
    case folded
    /// Thin matrices beside the layers whose names end in one of `targets`, such as `to_q` or `attn.to_out.0` (LoRA); the
    /// model itself stays as it is.
    case lora(rank: Int, targets: [String])
    /// The head alone, on a folded transformer that stays as it is.
    case head

    /// The form of the model that is trained.
    package var transformerForm: TransformerForm { self == .folded || self == .head ? .folded : .plain }

    /// Whether the transformer's own weights are trained.
    package var trainsTransformer: Bool { self == .all || self == .folded }

    /// The layers that diffusers 0.35.2's LoRA training of Stable Diffusion 3 adapts where it is told nothing else.
    package static let standardTargets = [
        "attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0", "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj",
        "attn.to_add_out",
    ]
}

/// Low-rank adapters of a published transformer: making, and merging.
package enum LowRankAdapters {
    /// Adapters for the linear layers that `targets` name: one matrix drawn with the variance 1 / rank, the other 0, so that the model is the
    /// base model at first.
    ///
    /// - Parameter tensors: The plain form's state dict.
    /// - Throws: ``ModelError`` when a target is no linear layer of it or the rank is larger than a layer.
    static func fresh(
        for tensors: [String: Tensor], rank: Int, targets: [String], seed: UInt32
    ) throws -> [String: Tensor] {
        let layers = tensors.filter { $0.key.hasPrefix("transformer_blocks.") && $0.value.shape.count == 2 }
            .map { (name: String($0.key.dropLast(".weight".count)), shape: $0.value.shape) }.sorted {
                $0.name < $1.name
            }
        func matches(_ name: String, _ target: String) -> Bool { name.hasSuffix(".\(target)") }
        for target in targets where !layers.contains(where: { matches($0.name, target) }) {
            let names = Set(layers.map { $0.name.split(separator: ".").dropFirst(2).joined(separator: ".") })
            throw ModelError.adapter(
                "no linear layer's name ends in \(target); the layers of a block are \(names.sorted().joined(separator: ", "))"
            )
        }
        var adapters: [String: Tensor] = [:]
        for (index, layer) in layers.filter({ layer in targets.contains { matches(layer.name, $0) } }).enumerated() {
            guard rank <= layer.shape.min() ?? 0 else {
                throw ModelError.adapter(
                    "the rank \(rank) is larger than \(layer.name), which is \(layer.shape[0]) × \(layer.shape[1])")
            }
            adapters["\(layer.name).\(LowRankAdapter.aKey)"] =
                try Tensor.randn([rank, layer.shape[1]], seed: seed &+ UInt32(index)) * (1 / Double(rank)).squareRoot()
            adapters["\(layer.name).\(LowRankAdapter.bKey)"] = try Tensor.zeros([layer.shape[0], rank])
        }
        return adapters
    }

    /// A state dict with adapters made part of it.
    ///
    /// Throws ``ModelError`` when an adapter's layer is not there or has another shape.
    package static func merge(_ adapters: [String: Tensor], into tensors: [String: Tensor]) throws -> [String: Tensor] {
        var merged = tensors
        for (key, a) in adapters where key.hasSuffix(LowRankAdapter.aKey) {
            let layer = String(key.dropLast(LowRankAdapter.aKey.count))
            guard let weight = tensors[layer + "weight"], let b = adapters[layer + LowRankAdapter.bKey],
                weight.shape == [b.shape[0], a.shape[1]], b.shape[1] == a.shape[0]
            else { throw ModelError.adapter("the adapter \(key) does not fit the model") }
            merged[layer + "weight"] = try LowRankAdapter.merged(weight, a: a, b: b)
        }
        return merged
    }
}
