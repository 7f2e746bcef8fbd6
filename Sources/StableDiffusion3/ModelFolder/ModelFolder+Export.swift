import Files
package import Foundation
import Safetensors
package import Torch
import TorchNN

extension ModelFolder {
    /// Writes the model as a folder of its own: `transformer/`, `vae/` and `precomputed_prompt_embeddings/`.
    ///
    /// The plain form is read by diffusers as well; the folded one, which needs a third less space, by this package
    /// alone. One tensor at a time is in memory beside the mapped source. The folder appears whole or not at all, also
    /// when the task is cancelled, which is looked for before each tensor.
    ///
    /// - Parameters:
    ///   - folded: Whether the transformer is folded. A folded one that is to be published is unfolded, with a prompt of its own.
    ///   - dtype: The dtype of all weights; nil keeps each one's own.
    ///   - transformer: What takes the transformer's place; nil for the folder's own.
    ///   - heads: What comes after its last norm besides its own projection; nil for what the folder has.
    ///   - timestep: What a plain transformer is folded for.
    ///   - extraFiles: What the folder gets besides, by names.
    ///   - replaces: Whether a folder that is at `path` is replaced.
    /// - Throws: ``ModelError`` when something is at `path` already and is not replaced or a value does not fit the dtype, and what loading
    ///   throws, for a model that does not load is not exported.
    package func export(
        to path: String, folded: Bool, dtype: DType?, transformer: TransformerWeights? = nil,
        heads: [HeadWeights]? = nil, timestep: Double = segmentationTimestep,
        extraFiles: [String: Data] = [:], replacing replaces: Bool = false
    ) throws {
        guard replaces || !FileManager.default.fileExists(atPath: path) else {
            throw FileError.taken(path)
        }
        try StagedFolder.write(to: path, replacing: replaces) { staged in
            for part in [ModelLayout.transformer, ModelLayout.autoencoder] { try staged.makeFolder(part) }
            let staging = URL(fileURLWithPath: staged.path)
            for (name, data) in extraFiles { try AtomicFile.write([UInt8](data), to: "\(staged.path)/\(name)") }

            try whileUnchanged(heads ?? ownHeadForms().map(headTensors)) { heads in
                for head in heads { try exportHead(head, to: staging, dtype: dtype) }
            }
            try whileUnchanged(autoencoderWeights()) { try exportAutoencoder($0, to: staging, dtype: dtype) }
            try whileUnchanged(transformer ?? transformerTensors()) { source in
                try folded
                    ? exportFolded(source, to: staging, dtype: dtype, timestep: timestep)
                    : exportPublished(source, to: staging, dtype: dtype)
            }
        }
    }

    /// Gives mapped weights to `body`. Where their files change meanwhile, that is the error, whatever came of it.
    private func whileUnchanged<Source>(_ source: Source, _ body: (Source) throws -> Void) throws {
        try withExtendedLifetime(source) {
            let result = Result { try body(source) }
            try requireUnchangedFiles()
            try result.get()
        }
    }

    private func exportHead(_ head: HeadWeights, to folder: URL, dtype: DType?) throws {
        guard let part = head.form.folder, let configuration = try head.form.configurationData() else { return }
        _ = try OutputHead(head.form, Weights(unconverted: head.tensors))
        let target = folder.appendingPathComponent(part)
        try makeFolder(target.path)
        try AtomicFile.write([UInt8](configuration), to: target.appendingPathComponent("config.json").path)
        try write(head.tensors, to: target, dtype: dtype)
    }

    private func exportAutoencoder(_ file: SafetensorsCollection, to folder: URL, dtype: DType?) throws {
        // Loading checks names and shapes.
        _ = try loadAutoencoder(dtype: file.storedDType ?? .float32, device: .cpu)
        try AtomicFile.write(
            [UInt8](configurations.data(of: configurationFile(ModelLayout.autoencoder))),
            to: folder.appendingPathComponent(ModelLayout.autoencoder).appendingPathComponent("config.json").path)
        try write(file.tensors(), to: folder.appendingPathComponent(ModelLayout.autoencoder), dtype: dtype)
    }

    private func exportPublished(_ source: TransformerWeights, to folder: URL, dtype: DType?) throws {
        let configuration = try transformerConfiguration()
        let part = folder.appendingPathComponent(ModelLayout.transformer)
        try writeConfiguration(.plain, to: part)
        guard source.form == .folded else {
            _ = try SD3Transformer2DModel(configuration, source.unconverted)
            try write(source.tensors, to: part, dtype: dtype)
            return try exportPrompt(to: folder)
        }
        let (tensors, prompt) = try FoldedTransformer.unfold(configuration, source.tensors)
        try write(tensors, to: part, dtype: dtype)
        try writePrompt(prompt, to: folder)
    }

    private func exportFolded(
        _ source: TransformerWeights, to folder: URL, dtype: DType?, timestep: Double
    ) throws {
        let configuration = try transformerConfiguration()
        let part = folder.appendingPathComponent(ModelLayout.transformer)
        try writeConfiguration(.folded, to: part)
        guard source.form == .plain else {
            _ = try FoldedTransformer(configuration, source.unconverted)
            return try write(source.tensors, to: part, dtype: dtype)
        }
        let tensors = try FoldedTransformer.fold(
            configuration, Weights(source.tensors, dtype: .float32), timestep: timestep,
            prompt: loadEmptyPrompt())
        try write(tensors, to: part, dtype: dtype ?? source.commonDType)
    }

    /// The transformer's `config.json` as the class of a form.
    private func writeConfiguration(_ form: TransformerForm, to part: URL) throws {
        try AtomicFile.write(
            [UInt8](transformerConfigurationData(form)), to: part.appendingPathComponent("config.json").path)
    }

    /// The transformer's `config.json` with the class of a form; as it is when that is its class.
    ///
    /// Throws ``ModelError``.
    package func transformerConfigurationData(_ form: TransformerForm) throws -> Data {
        let file = try configurationFile(ModelLayout.transformer)
        let data = try configurations.data(of: file)
        guard try transformerForm() != form else { return data }
        var configuration = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        configuration["_class_name"] = form.className
        return try JSONSerialization.data(withJSONObject: configuration, options: [.prettyPrinted, .sortedKeys])
    }

    private func writePrompt(_ prompt: PromptEmbeddings, to folder: URL) throws {
        let target = folder.appendingPathComponent(ModelLayout.promptFolder)
        try makeFolder(target.path)
        try prompt.write(to: target.appendingPathComponent(ModelLayout.promptFile).path)
    }

    /// The plain form needs the prompt: the folder's own files, or what the text encoders give.
    private func exportPrompt(to folder: URL) throws {
        let prompt = try loadEmptyPrompt()
        let source = URL(fileURLWithPath: path).appendingPathComponent(ModelLayout.promptFolder)
        guard isFolder(source.path) else { return try writePrompt(prompt, to: folder) }
        // As a copy of the file that a link in Hugging Face's cache leads to.
        let target = folder.appendingPathComponent(ModelLayout.promptFolder)
        try makeFolder(target.path)
        for name in [ModelLayout.promptTokens, ModelLayout.pooledPrompt, ModelLayout.promptFile]
        where FileManager.default.fileExists(atPath: source.appendingPathComponent(name).path) {
            try AtomicFile.write(
                [UInt8](Data(contentsOf: source.appendingPathComponent(name))),
                to: target.appendingPathComponent(name).path)
        }
    }

    private func write(_ tensors: [String: Tensor], to part: URL, dtype: DType?) throws {
        let entries = tensors.sorted { $0.key < $1.key }.map { name, tensor in
            let target = dtype ?? tensor.dtype
            return SafetensorsEntry(name, shape: tensor.shape, dtype: target) {
                try tensor.converted(to: target, name: name)
            }
        }
        try SafetensorsWriter.write(
            to: part.appendingPathComponent("\(ModelLayout.diffusersStem).safetensors").path, entries: entries)
    }
}

extension Tensor {
    /// Converts a weight for writing. Throws when the dtype's range is too small for a value.
    func converted(to dtype: DType, name: String) throws -> Tensor {
        try Task.checkCancellation()
        let tensor = try to(dtype, device: .cpu)
        if dtype == .float16, elementCount > 0, try !tensor.abs().max().item().isFinite {
            throw ModelError.range(
                "the weight \(name) has values beyond float16's 65504; write bfloat16 or float32 (--dtype)")
        }
        return tensor
    }
}
