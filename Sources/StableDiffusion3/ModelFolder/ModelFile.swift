import Files
import Foundation
import Safetensors

/// A file that was named where a model folder was expected.
struct ModelFile {
    let path: String

    init(_ path: String) { self.path = path }

    /// What the file is, and what makes a model folder of it.
    var fault: String {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        for folder in [folder, folder.deletingLastPathComponent()] {
            guard FileManager.default.fileExists(atPath: "\(folder.path)/\(ModelLayout.transformer)/config.json") else {
                continue
            }
            return "\(path) is a file of the model folder \(folder.path); name the folder"
        }
        let beginning = Self.beginning(of: path)
        if let pointer = GitLFSPointer(beginning) { return "\(path) is \(pointer.fault)" }
        return
            "\(path) is a file, and a model is a folder in diffusers' layout (transformer/, vae/); \(remedy(beginning))"
    }

    private func remedy(_ beginning: [UInt8]) -> String {
        if beginning.starts(with: "GGUF".utf8) {
            return "it holds quantized weights (GGUF), which are not read: take the model that it was made from"
        }
        let name = (path as NSString).lastPathComponent
        if [".zip", ".tar", ".gz", ".tgz"].contains(where: name.hasSuffix) { return "it is an archive: unpack it" }
        if name.hasSuffix(".dduf") {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            return "in Python, diffusers' StableDiffusion3Pipeline.from_pretrained('\(folder)', dduf_file='\(name)')"
                + ".save_pretrained('FOLDER') makes a folder of it"
        }
        guard let file = try? SafetensorsCollection(path: path), let layout = WeightLayout(of: file.tensors.keys) else {
            return conversion
        }
        if case .other = layout { return "it holds \(layout.name): only Stable Diffusion 3 models can be used" }
        return "it holds \(layout.name): \(conversion)"
    }

    private var conversion: String {
        "'transeg import \(path) FOLDER --base-model-path MODEL' makes a folder of it with what else MODEL has"
    }

    private static func beginning(of path: String) -> [UInt8] {
        // A pipe may never end, and its bytes come once.
        guard PlainFile.exists(path), let data = try? PlainFile.contents(of: path, limit: 1023) else { return [] }
        return [UInt8](data)
    }
}

/// What weights are of, as their keys tell.
enum WeightLayout: Equatable {
    /// Stability's own, all parts of a model or its transformer in one file.
    case singleFile
    /// diffusers' parts.
    case transformer, autoencoder
    case adapter
    case other(String)

    /// Nil for keys that nothing here knows.
    init?(of keys: some Sequence<String>) {
        let keys = Array(keys)
        func has(_ piece: String) -> Bool { keys.contains { $0.contains(piece) } }
        if has("lora_A.") || has("lora_down.") || has("lora_B.") {
            self = .adapter
        } else if has("joint_blocks.") {
            self = .singleFile
        } else if has("double_blocks.") || has("single_transformer_blocks.") {
            self = .other("a Flux model")
        } else if has("model.diffusion_model.input_blocks.") || has("down_blocks.0.attentions.") {
            self = .other("a Stable Diffusion 1, 2 or XL model")
        } else if has("transformer_blocks."), has("pos_embed.") {
            self = .transformer
        } else if has("encoder.down_blocks."), has("decoder.up_blocks.") {
            self = .autoencoder
        } else {
            return nil
        }
    }

    var name: String {
        switch self {
        case .singleFile: "a model in Stability's layout"
        case .transformer: "a transformer in diffusers' layout"
        case .autoencoder: "a VAE in diffusers' layout"
        case .adapter: "a low-rank adapter"
        case .other(let name): name
        }
    }
}
