import Foundation
import Torch

/// The pairs of small matrices of a LoRA file (Hu et al., arXiv 2106.09685), by the modules that they change.
struct LowRankFile {
    struct Pair {
        /// The module's name as the file has it, without what its format puts before all names.
        let module: String
        /// `[r, in]`, of a convolution `[r, in, h, w]`.
        let down: ImportedTensor
        /// `[out, r]`
        let up: ImportedTensor
        /// What their product is multiplied by: alpha over the rank.
        let scale: Double
    }

    private(set) var pairs: [Pair] = []
    /// How the names of modules begin that are of no transformer, and how many there are.
    private(set) var passedOver: [String: Int] = [:]

    private enum Role {
        case down, up, alpha
    }

    private static let downs = [
        ".lora_A.default", ".lora_A", ".lora_down", ".lora.down", "_lora.down", ".lora_linear_layer.down",
    ]
    private static let ups = [
        ".lora_B.default", ".lora_B", ".lora_up", ".lora.up", "_lora.up", ".lora_linear_layer.up",
    ]
    private static let prefixes = [
        "base_model.model.", "model.diffusion_model.", "diffusion_model.", "transformer.", "unet.", "lora_unet_",
        "lora_transformer_",
    ]
    private static let others = [
        "text_encoder", "lora_te", "text_encoders", "te1", "te2", "te3", "clip_l", "clip_g", "t5xxl",
    ]

    /// Whether the keys are of such a file.
    static func isOne(_ keys: some Collection<String>) -> Bool {
        keys.contains { key in
            role(of: key).map { $0.1 != .alpha } ?? false
                || [".hada_w1_a", ".lokr_w1", ".lokr_w2"].contains(where: key.hasSuffix)
        }
    }

    /// Throws ``ImportError`` for anything but pairs.
    init(_ weights: ImportedWeights, folder: String) throws {
        var found: [String: [Role: ImportedTensor]] = [:]
        for (key, tensor) in weights.tensors.sorted(by: { $0.key < $1.key }) {
            guard let (module, role) = Self.role(of: key) else {
                throw ImportError(
                    "\(weights.source) has the weight \(key), which is none of a low-rank adapter; only LoRA is merged, not "
                        + "DoRA, LoHa, LoKr or others")
            }
            if let other = Self.others.first(where: { module.hasPrefix($0) }) {
                passedOver[other, default: 0] += 1
                continue
            }
            let name = Self.transformerName(module)
            if let other = found[name, default: [:]].updateValue(tensor, forKey: role) {
                throw ImportError(
                    "\(weights.source): the tensors \(other.name) and \(tensor.name) are the same weight of \(name)")
            }
        }
        let settings = try LowRankSettings(metadata: weights.metadata, folder: folder)
        pairs = try found.sorted { $0.key < $1.key }.map { module, tensors in
            guard let down = tensors[.down], let up = tensors[.up] else {
                throw ImportError(
                    "\(weights.source): of the module \(module) only one half of its pair is there; fetch it again")
            }
            guard let rank = down.shape.first, rank > 0, up.shape.count >= 2, up.shape[1] == rank,
                down.shape.count >= 2,
                up.shape[2...].allSatisfy({ $0 == 1 })
            else {
                throw ImportError(
                    "\(weights.source): the pair of \(module) has the shapes \(down.shape) and \(up.shape), which are of no product"
                )
            }
            let alpha = try tensors[.alpha].map { alpha in
                guard alpha.shape.reduce(1, *) == 1 else { throw alpha.unexpectedShape("one number") }
                return try alpha.read().to(.float64).item()
            }
            let scale = settings.scale(of: module, rank: rank, alpha: alpha)
            guard scale.isFinite else { throw ImportError("\(weights.source): the alpha of \(module) is no number") }
            return Pair(module: module, down: down, up: up, scale: scale)
        }
        guard !pairs.isEmpty else {
            throw ImportError(
                "\(weights.source) changes no transformer, only \(passedOver.keys.sorted().joined(separator: ", "))")
        }
    }

    private static func role(of key: String) -> (module: String, Role)? {
        if key.hasSuffix(".alpha") { return (String(key.dropLast(".alpha".count)), .alpha) }
        guard key.hasSuffix(".weight") else { return nil }
        let name = key.dropLast(".weight".count)
        for (suffixes, role) in [(downs, Role.down), (ups, Role.up)] {
            if let suffix = suffixes.first(where: name.hasSuffix) { return (String(name.dropLast(suffix.count)), role) }
        }
        return nil
    }

    /// Without prefixes, and as attention processors' modules are called since diffusers 0.22.
    private static func transformerName(_ module: String) -> String {
        var name = module
        while let prefix = prefixes.first(where: name.hasPrefix) { name = String(name.dropFirst(prefix.count)) }
        name = name.replacing(".processor.", with: ".")
        return name.hasSuffix(".to_out") ? name + ".0" : name
    }
}

/// What a LoRA's makers say of its scale: `adapter_config.json` of peft, or the same in a header of diffusers.
struct LowRankSettings {
    private var alpha: Double?
    private var alphas: [(pattern: String, alpha: Double)] = []
    private var isRankStabilized = false

    /// Throws ``ImportError`` for adapters of other kinds.
    init(metadata: [String: String], folder: String) throws {
        let file = "\(folder)/adapter_config.json"
        let values: [String: Any]
        if let data = FileManager.default.contents(atPath: file) {
            guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
                throw ImportError("\(file) is no JSON object")
            }
            if let kind = object["peft_type"] as? String, kind != "LORA" {
                throw ImportError("\(file): peft_type is \(kind); only LORA is merged")
            }
            values = object
        } else if let text = metadata["lora_adapter_metadata"] {
            let object = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
            let prefix = "transformer."
            values = Dictionary(
                object.filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value) },
                uniquingKeysWith: { first, _ in first })
        } else {
            return
        }
        if values["use_dora"] as? Bool == true {
            throw ImportError("\(folder): the adapter is a DoRA; only LoRA is merged")
        }
        alpha = (values["lora_alpha"] as? NSNumber)?.doubleValue
        isRankStabilized = values["use_rslora"] as? Bool == true
        alphas = (values["alpha_pattern"] as? [String: Any] ?? [:]).sorted { $0.key < $1.key }.compactMap {
            pattern, value in
            (value as? NSNumber).map { (pattern.replacing("\\.", with: "."), $0.doubleValue) }
        }
    }

    /// As peft 0.17 has it: alpha over the rank, or over its root; 1 where nobody says.
    func scale(of module: String, rank: Int, alpha own: Double?) -> Double {
        let matching = alphas.first { pattern, _ in
            pattern.hasPrefix("^")
                ? module == pattern.dropFirst() : module == pattern || module.hasSuffix(".\(pattern)")
        }
        guard let alpha = own ?? matching?.alpha ?? alpha else { return 1 }
        return alpha / (isRankStabilized ? Double(rank).squareRoot() : Double(rank))
    }
}
