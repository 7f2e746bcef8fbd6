import Files
public import Foundation
import Safetensors
import Torch
import TorchNN

/// A Stable Diffusion 3 model on disk in diffusers' layout: `transformer/`, `vae/` and, for the prompt,
/// `precomputed_prompt_embeddings/` or `text_encoder/` and `text_encoder_2/`.
public struct ModelFolder: Sendable {
    /// Where the model's parts are.
    public let path: String
    /// What the user asked for: a path or a repository's id.
    public let name: String
    /// The infix of the weight files, such as `fp16`; nil takes files without one and, where there are none, `fp16`.
    public let variant: String?
    private let remedy: String
    let environment: [String: String]
    let configurations = ConfigurationCache()

    /// Finds a model: a folder, or a Hugging Face id such as `stabilityai/stable-diffusion-3.5-medium` that is in
    /// Hugging Face's cache. Nothing is downloaded: the error names the command that does.
    ///
    /// - Parameters:
    ///   - revision: Branch, tag or commit of a repository.
    ///   - environment: Where the caches' variables are looked up (`HF_HOME`, `HF_HUB_CACHE`, `XDG_CACHE_HOME`).
    /// - Throws: ``ModelError/notFound(_:)``.
    public init(
        _ name: String, revision: String = "main", variant: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        self.name = name
        self.variant = variant
        self.environment = environment
        if isFolder(name) {
            path = name.count > 1 && name.hasSuffix("/") ? String(name.dropLast()) : name
            remedy =
                "a model folder in diffusers' layout was expected (transformer/, vae/, "
                + "precomputed_prompt_embeddings/)"
            return
        }
        guard HuggingFaceCache.isRepository(name) else {
            throw ModelError.notFound(
                "there is no model folder \(name); give a folder in diffusers' layout or a Hugging Face id such as "
                    + "stabilityai/stable-diffusion-3.5-medium")
        }
        let cache = HuggingFaceCache(environment: environment)
        let revisionOption = revision == "main" ? "" : " --revision \(revision)"
        remedy =
            "download it with: hf download \(name)\(revisionOption)"
            + ["transformer/*", "vae/*", "text_encoder/*", "text_encoder_2/*", "model_index.json"]
            .map { " --include '\($0)'" }.joined()
            + (name.hasPrefix("stabilityai/")
                ? "; the model is gated: accept its licence at https://huggingface.co/\(name) and run 'hf auth login' first"
                : "")
        guard let snapshot = cache.snapshot(of: name, revision: revision) else {
            throw ModelError.notFound(
                "the model \(name) (revision \(revision)) is neither a folder nor in the Hugging Face cache "
                    + "\(cache.root); \(remedy)")
        }
        path = snapshot
    }

    /// The part's `config.json`. Throws ``ModelError/incomplete(folder:missing:remedy:)`` when there is none.
    func configurationFile(_ part: String) throws -> String {
        let file = "\(path)/\(part)/config.json"
        guard FileManager.default.fileExists(atPath: file) else {
            throw ModelError.incomplete(folder: path, missing: "\(part)/config.json", remedy: remedy)
        }
        return file
    }

    /// Opens the part's weights, whose files begin with `stem`: one file or several with an index.
    func weightsFile(_ part: String, stem: String) throws -> SafetensorsCollection {
        let variants: [String?] = variant.map { [$0] } ?? [nil, "fp16"]
        for variant in variants {
            let infix = variant.map { ".\($0)" } ?? ""
            // diffusers has put the variant in either place of an index's name.
            let names = [
                "\(stem)\(infix).safetensors", "\(stem)\(infix).safetensors.index.json",
                "\(stem).safetensors.index\(infix).json",
            ]
            for name in names where FileManager.default.fileExists(atPath: "\(path)/\(part)/\(name)") {
                return try SafetensorsCollection(path: "\(path)/\(part)/\(name)")
            }
        }
        let wanted = variant.map { ".\($0)" } ?? ""
        throw ModelError.incomplete(
            folder: path, missing: "\(part)/\(stem)\(wanted).safetensors", remedy: remedy)
    }

    /// Whether a part is there at all.
    func contains(_ part: String) -> Bool { isFolder("\(path)/\(part)") }
}

/// The names of a model's parts and files, as diffusers and the original project write them.
enum ModelLayout {
    static let transformer = "transformer"
    static let autoencoder = "vae"
    static let textEncoder = "text_encoder"
    static let textEncoder2 = "text_encoder_2"
    static let promptFolder = "precomputed_prompt_embeddings"
    static let promptTokens = "empty_prompt_embeds.pt"
    static let pooledPrompt = "empty_pooled_prompt_embeds.pt"
    /// Both tensors in one file, as this package writes them.
    static let promptFile = "empty_prompt.safetensors"
    static let diffusersStem = "diffusion_pytorch_model"
    static let transformersStem = "model"
}
