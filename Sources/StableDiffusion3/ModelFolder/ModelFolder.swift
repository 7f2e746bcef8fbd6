import Files
public import Foundation

/// A Stable Diffusion 3 model on disk in diffusers' layout: `transformer/`, `vae/` and, for the prompt,
/// `precomputed_prompt_embeddings/` or `text_encoder/` and `text_encoder_2/`.
public struct ModelFolder: Sendable {
    /// Where the model's parts are.
    public let path: String
    /// What the user asked for: a path or a repository's id.
    public let name: String
    /// The infix of the weight files, such as `fp16`, where a part has files with it; nil takes files without one and, where there are none,
    /// `fp16` or `bf16`.
    public let variant: String?
    /// What gets a part that is missing; nil where nobody knows where the folder is from.
    let download: String?
    let environment: [String: String]
    let configurations = ConfigurationCache()
    let openedFiles = OpenedFiles()

    /// Finds a model: a folder, or a Hugging Face id such as `stabilityai/stable-diffusion-3.5-medium`, or the address of its page, that is
    /// in Hugging Face's cache. Nothing is downloaded: the error names the command that does.
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
        self.variant = variant == "" ? nil : variant
        self.environment = environment
        let location = try ModelLocation(name, revision: revision, environment: environment)
        (path, download) = (location.path, location.download)
    }

    /// The part's `config.json`. Throws ``ModelError/incomplete(folder:missing:remedy:)`` when there is none.
    func configurationFile(_ part: String) throws -> String {
        let file = "\(path)/\(part)/config.json"
        guard FileManager.default.fileExists(atPath: file) else { throw missing("\(part)/config.json") }
        return file
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
    /// A ``TokenReadout``.
    static let maskHead = "mask_head"
    /// A ``LocalContinuity``.
    static let localContinuity = "local_continuity"
    static let diffusersStem = "diffusion_pytorch_model"
    static let transformersStem = "model"
    /// The parts with weights, and how their files' names begin.
    static let weights: [(part: String, stem: String)] = [
        (transformer, diffusersStem), (autoencoder, diffusersStem), (textEncoder, transformersStem),
        (textEncoder2, transformersStem),
    ]
}
