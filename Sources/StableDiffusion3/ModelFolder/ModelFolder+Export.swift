import Foundation
import Safetensors
import Torch
import TorchNN

extension ModelFolder {
    /// Writes the model as a folder of its own: `transformer/`, `vae/` and `precomputed_prompt_embeddings/`.
    ///
    /// The published form is read by diffusers as well; the folded one, which needs a third less space, by this package
    /// alone. One tensor at a time is in memory beside the mapped source. The folder appears whole or not at all, also
    /// when the task is cancelled, which is looked for before each tensor.
    ///
    /// - Parameters:
    ///   - folded: Whether the transformer is folded.
    ///   - dtype: The dtype of all weights; nil keeps each one's own.
    /// - Throws: ``ModelError`` when something is at `path` already or a value does not fit the dtype, and what loading
    ///   throws, for a model that does not load is not exported.
    public func export(to path: String, folded: Bool, dtype: DType?) throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw ModelError.unwritable(path, "something is there already; name a folder that does not exist yet")
        }
        let target = URL(fileURLWithPath: path)
        let staging = target.deletingLastPathComponent()
            .appendingPathComponent(".\(target.lastPathComponent).partial-\(getpid())")
        defer { try? FileManager.default.removeItem(at: staging) }
        do {
            for part in [ModelLayout.transformer, ModelLayout.autoencoder] {
                try FileManager.default.createDirectory(
                    at: staging.appendingPathComponent(part), withIntermediateDirectories: true)
            }
        } catch {
            throw ModelError.unwritable(path, error.localizedDescription)
        }

        try exportAutoencoder(to: staging, dtype: dtype)
        if folded {
            try exportFoldedTransformer(to: staging, dtype: dtype)
        } else {
            try exportTransformer(to: staging, dtype: dtype)
            try exportPrompt(to: staging)
        }
        do {
            try FileManager.default.moveItem(at: staging, to: target)
        } catch {
            throw ModelError.unwritable(path, error.localizedDescription)
        }
    }

    private func exportAutoencoder(to folder: URL, dtype: DType?) throws {
        let file = try autoencoderWeights()
        // Loading checks names and shapes.
        _ = try loadAutoencoder(dtype: file.storedDType ?? .float32, device: .cpu)
        try copyConfiguration(ModelLayout.autoencoder, to: folder)
        try write(file, to: folder.appendingPathComponent(ModelLayout.autoencoder), dtype: dtype)
    }

    private func exportTransformer(to folder: URL, dtype: DType?) throws {
        guard try transformerForm() == .plain else {
            throw ModelError.configuration(
                file: try configurationFile(ModelLayout.transformer),
                "this model is folded, and the published form cannot be had back from it; export with --folded")
        }
        let file = try transformerWeights()
        _ = try loadTransformer(dtype: file.storedDType ?? .float32, device: .cpu)
        try copyConfiguration(ModelLayout.transformer, to: folder)
        try write(file, to: folder.appendingPathComponent(ModelLayout.transformer), dtype: dtype)
    }

    private func exportFoldedTransformer(to folder: URL, dtype: DType?) throws {
        let part = folder.appendingPathComponent(ModelLayout.transformer)
        let file = try transformerWeights()
        guard try transformerForm() == .plain else {
            try copyConfiguration(ModelLayout.transformer, to: folder)
            return try write(file, to: part, dtype: dtype)
        }
        let tensors = try FoldedTransformer.fold(
            transformerConfiguration(), Weights(file, dtype: .float32), timestep: segmentationTimestep,
            prompt: loadEmptyPrompt())
        let target = dtype ?? file.storedDType ?? .float32
        let entries = tensors.map { name, tensor in
            SafetensorsEntry(name, shape: tensor.shape, dtype: target) { try tensor.converted(to: target, name: name) }
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: configurationFile(ModelLayout.transformer)))
        var configuration = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        configuration["_class_name"] = TransformerForm.folded.rawValue
        try JSONSerialization.data(withJSONObject: configuration, options: [.prettyPrinted, .sortedKeys])
            .write(to: part.appendingPathComponent("config.json"))
        try SafetensorsWriter.write(to: weightsPath(in: part), entries: entries)
    }

    /// The published form needs the prompt: the folder's own files, or what the text encoders give.
    private func exportPrompt(to folder: URL) throws {
        let prompt = try loadEmptyPrompt()
        let source = URL(fileURLWithPath: path).appendingPathComponent(ModelLayout.promptFolder)
        let target = folder.appendingPathComponent(ModelLayout.promptFolder)
        if isFolder(source.path) {
            // As a copy of the file that a link in Hugging Face's cache leads to.
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            for name in [ModelLayout.promptTokens, ModelLayout.pooledPrompt, ModelLayout.promptFile]
            where FileManager.default.fileExists(atPath: source.appendingPathComponent(name).path) {
                try Data(contentsOf: source.appendingPathComponent(name))
                    .write(to: target.appendingPathComponent(name))
            }
        } else {
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            try prompt.write(to: target.appendingPathComponent(ModelLayout.promptFile).path)
        }
    }

    private func copyConfiguration(_ part: String, to folder: URL) throws {
        try Data(contentsOf: URL(fileURLWithPath: configurationFile(part)))
            .write(to: folder.appendingPathComponent(part).appendingPathComponent("config.json"))
    }

    private func weightsPath(in part: URL) -> String {
        part.appendingPathComponent("\(ModelLayout.diffusersStem).safetensors").path
    }

    private func write(_ file: SafetensorsCollection, to part: URL, dtype: DType?) throws {
        let entries = try file.tensors.map { name, info in
            guard let stored = DType(stored: info.dtype), stored.isFloatingPoint else {
                throw WeightsError.notFloatingPoint(key: name, file: path, dtype: info.dtype.rawValue)
            }
            let target = dtype ?? stored
            return SafetensorsEntry(name, shape: info.shape, dtype: target) {
                try Weights(file, dtype: stored).tensor(name, shape: info.shape).converted(to: target, name: name)
            }
        }
        try SafetensorsWriter.write(to: weightsPath(in: part), entries: entries)
    }
}

extension SafetensorsCollection {
    /// The dtype of most of the weights, by bytes.
    var storedDType: DType? {
        let bytes = Dictionary(tensors.values.map { ($0.dtype, $0.byteCount) }, uniquingKeysWith: +)
        return bytes.max { $0.value < $1.value }.flatMap { DType(stored: $0.key) }
    }
}

extension Tensor {
    /// Converts a weight for writing. Throws when the dtype's range is too small for a value.
    fileprivate func converted(to dtype: DType, name: String) throws -> Tensor {
        try Task.checkCancellation()
        let tensor = try to(dtype, device: .cpu)
        if dtype == .float16, elementCount > 0, try !tensor.abs().max().item().isFinite {
            throw ModelError.range(
                "the weight \(name) has values beyond float16's 65504; export in bfloat16 or float32")
        }
        return tensor
    }
}
