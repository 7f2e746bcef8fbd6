import Files
import Foundation
import Safetensors
import Torch
import TorchNN

extension ModelFolder {
    /// The empty prompt's embeddings on the CPU: those in the folder, else computed from its text encoders and kept in
    /// the user's cache (`$XDG_CACHE_HOME/transeg`) for the next time.
    ///
    /// Throws ``ModelError`` when the folder has neither, or when they do not have the transformer's widths.
    package func loadEmptyPrompt() throws -> PromptEmbeddings {
        try emptyPrompt(for: transformerConfiguration())
    }

    /// The same for a transformer that may be another model's.
    func emptyPrompt(for configuration: SD3TransformerConfiguration) throws -> PromptEmbeddings {
        let (prompt, source) = try findEmptyPrompt(width: configuration.jointAttentionDim)
        let tokens = prompt.tokens.shape
        guard tokens.count == 3, tokens[0] == 1, tokens[2] == configuration.jointAttentionDim,
            prompt.pooled.shape == [1, configuration.pooledProjectionDim]
        else {
            throw ModelError.configuration(
                file: source,
                "the prompt's embeddings have shapes \(tokens) and \(prompt.pooled.shape); the transformer takes "
                    + "[1, tokens, \(configuration.jointAttentionDim)] and [1, \(configuration.pooledProjectionDim)]")
        }
        return prompt
    }

    private func findEmptyPrompt(width: Int) throws -> (PromptEmbeddings, source: String) {
        let folder = "\(path)/\(ModelLayout.promptFolder)"
        let pair = ["\(folder)/\(ModelLayout.promptTokens)", "\(folder)/\(ModelLayout.pooledPrompt)"]
        let file = "\(folder)/\(ModelLayout.promptFile)"
        if pair.allSatisfy(FileManager.default.fileExists) {
            return (
                PromptEmbeddings(tokens: try Tensor(torchFile: pair[0]), pooled: try Tensor(torchFile: pair[1])),
                folder
            )
        }
        if FileManager.default.fileExists(atPath: file) { return (try PromptEmbeddings(file: file), file) }
        guard contains(ModelLayout.textEncoder), contains(ModelLayout.textEncoder2) else {
            throw ModelError.incomplete(
                folder: path,
                missing: "\(ModelLayout.promptFolder)/ with the empty prompt's embeddings",
                remedy: closed("\(ModelLayout.promptFolder)/\(ModelLayout.promptFile)")
                    ?? "copy that folder from the model that this one was trained from, or add its text_encoder/ and "
                    + "text_encoder_2/, from which they are computed")
        }
        let cached = try cacheFile()
        if FileManager.default.fileExists(atPath: cached), let kept = try? PromptEmbeddings(file: cached) {
            return (kept, cached)
        }
        let prompt = try withoutGradients {
            try EmptyPrompt.embeddings(
                clipL: loadTextEncoder(ModelLayout.textEncoder), clipG: loadTextEncoder(ModelLayout.textEncoder2),
                width: width)
        }
        // A cache that cannot be written costs the next run a few seconds, no more.
        try? makeFolder(parentFolder(of: cached))
        try? prompt.write(to: cached)
        return (prompt, path)
    }

    /// Where the embeddings of this folder's encoders are kept: named after the encoders' files, their sizes, dates and bytes here and
    /// there, for a file may be replaced by another of the same size and date.
    private func cacheFile() throws -> String {
        let files = try [ModelLayout.textEncoder, ModelLayout.textEncoder2].flatMap {
            try weightsFile($0, stem: ModelLayout.transformersStem).files.map(\.path)
        }
        var identity = ""
        for file in files {
            let real = URL(fileURLWithPath: file).resolvingSymlinksInPath().path
            let attributes = try FileManager.default.attributesOfItem(atPath: real)
            let date = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            identity += "\(real) \(attributes[.size] ?? 0) \(date) \(try SampledBytes(ofFile: real).digest)\n"
        }
        // FNV-1a, for Swift's own hash values differ between runs.
        let hash = identity.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let base = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "~/.cache"
        return
            "\(expandingTilde(base, environment: environment))/transeg/empty-prompt-\(String(hash, radix: 16)).safetensors"
    }
}

extension PromptEmbeddings {
    private static let tokensKey = "prompt_embeds"
    private static let pooledKey = "pooled_prompt_embeds"

    /// Reads what ``write(to:)`` wrote.
    init(file path: String) throws {
        let file = try SafetensorsCollection(path: path)
        let weights = Weights(file, dtype: .float32)
        guard let tokens = weights.shape(of: Self.tokensKey), let pooled = weights.shape(of: Self.pooledKey) else {
            throw ModelError.configuration(
                file: path, "the tensors \(Self.tokensKey) and \(Self.pooledKey) were expected")
        }
        self.init(
            tokens: try weights.tensor(Self.tokensKey, shape: tokens),
            pooled: try weights.tensor(Self.pooledKey, shape: pooled))
    }

    /// Writes both tensors into one safetensors file.
    func write(to path: String) throws {
        try SafetensorsWriter.write(
            to: path, entries: [.init(Self.tokensKey, tokens), .init(Self.pooledKey, pooled)])
    }
}

extension Tensor {
    /// Reads a file that `torch.save` made of one tensor.
    init(torchFile path: String) throws {
        let stored = try TorchTensorFile.read(path: path)
        guard let dtype = DType(stored: stored.dtype), dtype.isFloatingPoint else {
            throw ModelError.configuration(
                file: path, "the tensor is of dtype \(stored.dtype.rawValue); a floating-point dtype was expected")
        }
        self = try stored.bytes.withUnsafeBytes { try Tensor(copying: $0, shape: stored.shape, dtype: dtype) }
    }
}
