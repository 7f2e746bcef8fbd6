import Files
import Foundation

extension ModelFolder {
    /// Why a file that a model needs is not there, and what to do.
    ///
    /// - Parameters:
    ///   - file: Its path in the folder.
    ///   - index: The index that names it.
    func missing(_ file: String, listedIn index: String? = nil) -> ModelError {
        let listed = index.map { ", which \($0) lists" } ?? ""
        return .incomplete(
            folder: path, missing: file + listed,
            remedy: closed(file) ?? unfinished(file) ?? look.remedy ?? usualRemedy)
    }

    /// Why a part has no weights that can be read, and what to do.
    func missingWeights(_ part: String, _ files: WeightFiles) -> ModelError {
        let infix = variant.map { ".\($0)" } ?? ""
        let file = "\(part)/\(files.stem)\(infix).safetensors"
        return .incomplete(
            folder: path, missing: file,
            remedy: closed(file) ?? unfinished(file) ?? remedy(part, files) ?? look.remedy ?? usualRemedy)
    }

    private var look: FolderLook { FolderLook(path, download: download) }

    /// What to do where a file cannot be seen for its folder's permissions; nil where it could.
    func closed(_ file: String) -> String? {
        let part = parentFolder(of: "\(path)/\(file)")
        guard access(part, R_OK | X_OK) != 0, errno == EACCES else { return nil }
        return "\(part) cannot be read; check its permissions"
    }

    private var usualRemedy: String {
        download
            ?? "a model folder in diffusers' layout was expected (transformer/, vae/, precomputed_prompt_embeddings/)"
    }

    /// What to do with what lies in a part instead of its weights; nil when nothing does.
    private func remedy(_ part: String, _ files: WeightFiles) -> String? {
        if let variant {
            let known = Set(
                ModelLayout.weights.flatMap { WeightFiles("\(path)/\($0.part)", stem: $0.stem).variants }
            ).sorted()
            if !known.contains(variant) {
                return known.isEmpty
                    ? "none of its parts has the variant \(variant) or any other; leave --variant out"
                    : "none of its parts has the variant \(variant); there are "
                        + known.map { "--variant \($0)" }.joined(separator: ", ")
            }
        }
        if !files.variants.isEmpty {
            let taken = files.variants.compactMap { variant in
                files.file(of: variant).map { "--variant \(variant) takes \(part)/\($0)" }
            }
            return taken.joined(separator: ", ")
        }
        let names = files.names.sorted()
        let own = "\(files.stem).safetensors"
        if let shard = names.first(where: {
            $0.hasPrefix(files.stem) && $0.contains("-of-") && $0.hasSuffix(".safetensors")
        }) {
            return "\(part)/\(shard) is there without the index of its shards, \(own).index.json; fetch that too"
        }
        if let other = names.first(where: { $0.hasSuffix(".safetensors") }) {
            return "\(part)/\(other) is there; if it has this part's weights in diffusers' layout, name it \(own)"
        }
        if let pickle = names.first(where: { name in [".bin", ".pt", ".pth", ".ckpt"].contains(where: name.hasSuffix) })
        {
            guard part == ModelLayout.transformer || part == ModelLayout.autoencoder else {
                return "\(part)/\(pickle) is there, a format that is not read; convert it in Python: "
                    + "transformers.CLIPTextModelWithProjection.from_pretrained('\(path)/\(part)', use_safetensors=False)"
                    + ".save_pretrained('\(path)/\(part)')"
            }
            return "\(part)/\(pickle) is there, of which 'transeg import \(path)/\(ModelLayout.transformer) OUT "
                + "--vae \(path)/\(ModelLayout.autoencoder) --base-model-path \(path)' makes a model folder"
        }
        return names.first { $0.hasSuffix(".gguf") }.map {
            "\(part)/\($0) is there, whose quantized weights are not read; take the model that it was made from"
        }
    }

    /// What to do where a download was interrupted; nil when none was.
    private func unfinished(_ file: String) -> String? {
        let again = "its download was not finished; " + (download ?? "download it again")
        let link = "\(path)/\(file)"
        // The cache links to blobs, which may have been removed, too.
        if (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) != nil { return again }
        let url = URL(fileURLWithPath: path).deletingLastPathComponent()
        if url.lastPathComponent == "snapshots",
            CachedRepository(url.deletingLastPathComponent().path)?.hasUnfinishedDownload == true
        {
            return again
        }
        // hf download --local-dir keeps what it has here.
        let part = parentFolder(of: file)
        let local = "\(path)/.cache/huggingface/download/\(part)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: local)) ?? []
        return names.contains { $0.hasSuffix(".incomplete") } ? again : nil
    }
}

/// A folder that is no model folder: what it seems to be.
struct FolderLook {
    private let path: String
    private let names: [String]
    private let isReadable: Bool
    private let download: String?

    /// - Parameter download: What gets the model, where that is known.
    init(_ path: String, download: String? = nil) {
        (self.path, self.download) = (path, download)
        let names = try? FileManager.default.contentsOfDirectory(atPath: path)
        (self.names, isReadable) = (names?.sorted() ?? [], names != nil)
    }

    /// What to do with it; nil where nobody knows.
    var remedy: String? {
        guard isReadable else { return "the folder cannot be read; check its permissions" }
        let models = names.filter { Self.isModel("\(path)/\($0)") }
        if names.contains("trainer_state.json") {
            return "it is a checkpoint of training, of which 'transeg export \(path) FOLDER' makes a model"
        }
        if models.contains("model") { return "it is the folder of a training run, whose model is \(path)/model" }
        let steps = names.compactMap { $0.hasPrefix("checkpoint-") ? Int($0.dropFirst("checkpoint-".count)) : nil }
        if let step = steps.max() {
            return
                "it is the folder of a training run that has no model yet; 'transeg export \(path)/checkpoint-\(step) FOLDER' "
                + "makes one of its last checkpoint"
        }
        if Self.isModel(path) { return nil }
        if let part = part { return part }
        let cached = HuggingFaceCache.models(in: path) + HuggingFaceCache.models(in: "\(path)/hub")
        if !cached.isEmpty {
            return "it is a cache of Hugging Face's; name a model of it: \(cached.joined(separator: ", "))"
        }
        if let name = pipeline, !name.hasPrefix("StableDiffusion3") {
            return "its model_index.json is of \(name); only Stable Diffusion 3 models can be used"
        }
        if let model = models.first { return "\(path)/\(model) is a model folder; name that" }
        if let file = names.first(where: { name in [".safetensors", ".ckpt", ".gguf"].contains(where: name.hasSuffix) })
        {
            return ModelFile("\(path)/\(file)").fault
        }
        return names.isEmpty
            ? "the folder is empty; "
                + (download ?? "a model folder in diffusers' layout was expected (transformer/, vae/)") : nil
    }

    private static func isModel(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/\(ModelLayout.transformer)/config.json")
    }

    /// For one part of a model.
    private var part: String? {
        guard let name = value("_class_name", of: "config.json") else { return nil }
        let above = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return Self.isModel(above)
            ? "it is one part of the model folder \(above); name that"
            : "it is a part of a model, a \(name); name the folder that has it as transformer/ or vae/"
    }

    private var pipeline: String? { value("_class_name", of: "model_index.json") }

    private func value(_ key: String, of name: String) -> String? {
        FileManager.default.contents(atPath: "\(path)/\(name)")
            .flatMap { try? JSONSerialization.jsonObject(with: $0) as? [String: Any] }?[key] as? String
    }
}
