import Files
package import Foundation
import Safetensors
package import Torch

/// What becomes a model folder of what a person has: parts of a checkpoint, and what it lacks of a base model.
package struct ModelImport {
    /// What was recognized, a sentence each.
    package let findings: [String]
    /// What else a person should know.
    package let notes: [String]
    private let transformer: ImportedPart
    private let autoencoder: ImportedPart
    private let prompt: PromptEmbeddings
    /// Whether the result is the base model, changed, and so used as that is.
    package let continuesBase: Bool
    private let requireUnchanged: () throws -> Void

    /// Looks at everything and reads no weights.
    ///
    /// - Parameters:
    ///   - source: A file or a folder: a checkpoint in Stability's or diffusers' layout, DeepSpeed's, or a LoRA.
    ///   - autoencoder: The VAE, a file or a folder, where it is not the source's or the base's.
    ///   - base: The model that gives what the source lacks, and that a LoRA is merged into.
    /// - Throws: ``ImportError``, ``ModelError``, `SafetensorsError` when they make no model.
    package init(_ source: String, autoencoder: String? = nil, base: ModelFolder? = nil) throws {
        let found = try ImportSource(source)
        var (findings, notes) = ([String](), [String]())
        var continuesBase = false
        var parts: CheckpointParts?
        let transformer: ImportedPart
        let name = found.weights.source
        if LowRankFile.isOne(found.weights.tensors.keys) {
            let adapter = try LowRankFile(found.weights, folder: found.folder)
            guard let base else {
                throw ImportError(
                    "\(name) is a low-rank adapter (LoRA); name the model that it is for with --base-model-path")
            }
            transformer = try .merged(adapter, into: base, file: name)
            findings.append(
                "\(name): a low-rank adapter (LoRA) of \(adapter.pairs.count) modules, in \(found.weights.kind); it is merged into "
                    + "the transformer of \(base.name)")
            notes += Self.passingOver(adapter.passedOver, of: name)
            continuesBase = true
        } else {
            let checkpoint = try CheckpointParts(found.weights)
            if checkpoint.transformer.isEmpty {
                throw ImportError(
                    "\(name) holds a VAE and no transformer; import the transformer, and name this file with --vae")
            }
            transformer = try .transformer(checkpoint, file: name, folder: found.folder, base: base)
            findings.append("\(name): \(transformer.finding), in \(found.weights.kind)")
            notes += Self.passingOver(checkpoint.passedOver, of: name)
            parts = checkpoint
        }
        let vae = try Self.autoencoder(autoencoder, in: parts, file: name, base: base)
        if let finding = vae.finding { findings.append(finding) }
        let configuration = try SD3TransformerConfiguration(json: transformer.configuration)
        let vaeConfiguration = try AutoencoderKLConfiguration(json: vae.part.configuration)
        guard vaeConfiguration.latentChannels == configuration.inChannels else {
            throw ImportError(
                "the VAE of \(vae.part.file) has \(vaeConfiguration.latentChannels) latent channels, and the transformer of \(name) takes "
                    + "\(configuration.inChannels); name another with --vae")
        }
        guard let base else {
            throw ImportError(
                "\(name) has no embeddings of the empty prompt; name with --base-model-path a model that has "
                    + "\(ModelLayout.promptFolder)/, or \(ModelLayout.textEncoder)/ and \(ModelLayout.textEncoder2)/, from which they are computed"
            )
        }
        prompt = try base.emptyPrompt(for: configuration)
        findings.append(
            vae.finding == nil
                ? "\(base.name): the VAE and the empty prompt are taken from it"
                : "\(base.name): the empty prompt is taken from it")
        (self.transformer, self.autoencoder) = (transformer, vae.part)
        (self.findings, self.notes, self.continuesBase) = (findings, notes, continuesBase)
        requireUnchanged = {
            try found.weights.requireUnchanged()
            try vae.requireUnchanged()
            try base.requireUnchangedFiles()
        }
    }

    /// The VAE that is named, else the file's own, else the base's.
    private static func autoencoder(
        _ named: String?, in parts: CheckpointParts?, file: String, base: ModelFolder?
    ) throws -> (part: ImportedPart, finding: String?, requireUnchanged: () throws -> Void) {
        if let named {
            let own = "\(named)/\(ModelLayout.autoencoder)"
            let source = try ImportSource(isFolder(own) ? own : named)
            let checkpoint = try CheckpointParts(source.weights)
            guard !checkpoint.autoencoder.isEmpty else { throw ImportError("\(source.weights.source) has no VAE") }
            let part = try ImportedPart.autoencoder(
                checkpoint, file: source.weights.source, folder: source.folder, base: base)
            return (
                part, "\(source.weights.source): \(part.finding), in \(source.weights.kind)",
                source.weights.requireUnchanged
            )
        }
        if let parts, !parts.autoencoder.isEmpty {
            let part = try ImportedPart.autoencoder(parts, file: file, folder: nil, base: base)
            return (part, "\(file): \(part.finding)", {})
        }
        guard let base else {
            throw ImportError("\(file) has no VAE; name one with --vae, or with --base-model-path a model that has one")
        }
        return (try .autoencoder(of: base), nil, {})
    }

    private static func passingOver(_ counts: [String: Int], of file: String) -> [String] {
        guard !counts.isEmpty else { return [] }
        let list = counts.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
        return ["\(file) has tensors that are passed over, such as text encoders: \(list)"]
    }

    /// How many tensors are written.
    package var tensorCount: Int { transformer.tensors.count + autoencoder.tensors.count }

    /// Writes the folder, whole or not at all; one tensor at a time is in memory. Cancellation is looked for before each.
    ///
    /// - Parameters:
    ///   - extraFiles: What the folder gets besides, by names.
    ///   - dtype: Of all weights; nil keeps each one's own, where 8 bits become bfloat16, and with scales float32.
    ///   - progress: Told how many tensors of how many are written.
    /// - Throws: ``ImportError``, ``ModelError``, `SafetensorsError`, `FileError`.
    package func write(
        to path: String, dtype: DType? = nil, heads: [HeadWeights] = [], extraFiles: [String: Data] = [:],
        progress: @escaping (_ done: Int, _ count: Int) -> Void = { _, _ in }
    ) throws {
        guard !FileManager.default.fileExists(atPath: path) else { throw FileError.taken(path) }
        let count = tensorCount
        try StagedFolder.write(to: path) { staged in
            for part in [ModelLayout.transformer, ModelLayout.autoencoder, ModelLayout.promptFolder] {
                try staged.makeFolder(part)
            }
            for (name, data) in extraFiles { try AtomicFile.write([UInt8](data), to: "\(staged.path)/\(name)") }
            for head in heads { try head.converted(to: dtype).write(to: staged.path) }
            try prompt.write(to: "\(staged.path)/\(ModelLayout.promptFolder)/\(ModelLayout.promptFile)")
            let result = Result {
                var done = 0
                func write(_ part: ImportedPart, _ name: String) throws {
                    try part.write(to: "\(staged.path)/\(name)", dtype: dtype) {
                        done += 1
                        progress(done, count)
                    }
                }
                try write(autoencoder, ModelLayout.autoencoder)
                try write(transformer, ModelLayout.transformer)
            }
            // Where files change meanwhile, that is the error, whatever came of it.
            try requireUnchanged()
            try result.get()
            try ModelFolder(staged.path).check()
        }
    }
}
