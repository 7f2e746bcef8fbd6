import Files
import Foundation
import Safetensors
import StableDiffusion3
public import Torch
import TorchNN
import TorchTraining
import TransparencySegmentation

/// A folder `checkpoint-<step>` from which a run goes on: what is trained, the optimiser's moments, the state of the run, and a manifest
/// with the sizes and SHA-256 of all of them.
///
/// A transformer is in `transformer/`, whose published form diffusers loads, and its average in `transformer_ema/`; adapters are in
/// `pytorch_lora_weights.safetensors`, as diffusers names and loads them.
///
/// It is written under another name, flushed and renamed, so that a folder of this name is whole.
public struct TrainingCheckpoint: Sendable {
    public let path: String
    /// The updates before it.
    public let step: Int

    static let prefix = "checkpoint-"
    private static let stateName = "trainer_state.json"
    private static let optimizerName = "optimizer.safetensors"
    private static let manifestName = "manifest.json"

    /// What a manifest says of a file.
    private struct Entry: Codable, Equatable {
        let bytes: Int
        let sha256: String
    }

    /// Names a checkpoint. Throws ``TrainingError/noCheckpoint(_:)`` when there is no such folder.
    public init(_ path: String) throws {
        let name = (path as NSString).lastPathComponent
        guard isFolder(path), name.hasPrefix(Self.prefix), let step = Int(name.dropFirst(Self.prefix.count)) else {
            throw TrainingError.noCheckpoint(path)
        }
        (self.path, self.step) = (path, step)
    }

    /// The checkpoints of an output folder, the newest first.
    public static func all(in folder: String) -> [TrainingCheckpoint] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .compactMap { try? TrainingCheckpoint("\(folder)/\($0)") }.sorted { $0.step > $1.step }
    }

    /// Checks that every file is as it was written.
    ///
    /// Throws ``TrainingError/damagedCheckpoint(_:reason:)``.
    public func verify() throws {
        guard let data = FileManager.default.contents(atPath: "\(path)/\(Self.manifestName)"),
            let manifest = try? JSONDecoder().decode([String: Entry].self, from: data)
        else { throw TrainingError.damagedCheckpoint(path, reason: "its manifest is missing or cannot be read") }
        for (name, entry) in manifest.sorted(by: { $0.key < $1.key }) {
            guard let found = try? Self.entry(of: "\(path)/\(name)") else {
                throw TrainingError.damagedCheckpoint(path, reason: "\(name) is missing or cannot be read")
            }
            guard found == entry else {
                throw TrainingError.damagedCheckpoint(path, reason: "\(name) has changed since it was written")
            }
        }
        let settings = try state().settings
        for name in Self.names(for: settings) where manifest[name] == nil {
            throw TrainingError.damagedCheckpoint(path, reason: "its manifest does not name \(name)")
        }
    }

    /// All files but the manifest.
    private static func names(for settings: TrainingSettings) -> [String] {
        var names = [stateName, optimizerName] + files(of: settings, suffix: "")
        if settings.emaDecay != nil { names += files(of: settings, suffix: averageSuffix) }
        return names
    }

    private static let averageSuffix = "_ema"

    /// The files of what is trained, the weights first.
    private static func files(of settings: TrainingSettings, suffix: String) -> [String] {
        settings.trainable == .lora
            ? ["pytorch_lora_weights\(suffix).safetensors"]
            : ["transformer\(suffix)/diffusion_pytorch_model.safetensors", "transformer\(suffix)/config.json"]
    }

    /// The state of the run. Throws ``TrainingError`` when it is of other settings or files and that is not allowed.
    func state(for settings: TrainingSettings, filesHash: String, allowsChanges: Bool) throws -> TrainingState {
        var state = try state()
        if allowsChanges {
            let hasOtherWeights =
                state.settings.trainable != settings.trainable
                || (settings.trainable == .lora && state.settings.trainedForm != settings.trainedForm)
                || (settings.emaDecay != nil && state.settings.emaDecay == nil)
            guard !hasOtherWeights else {
                throw TrainingError.otherRun(
                    path, differences: ["trainable, lora_rank, lora_targets and a new ema_decay cannot change in a run"]
                )
            }
            if settings.dataType == .fp16, state.lossScale == nil { state.lossScale = LossScale() }
            if settings.dataType != .fp16 { state.lossScale = nil }
            (state.settings, state.filesHash) = (settings, filesHash)
            return state
        }
        var differences = try settings.differences(from: state.settings)
        if state.filesHash != filesHash { differences.append("the training files have changed") }
        guard differences.isEmpty else { throw TrainingError.otherRun(path, differences: differences) }
        return state
    }

    /// The state as it was written.
    public func state() throws -> TrainingState {
        guard let data = FileManager.default.contents(atPath: "\(path)/\(Self.stateName)"),
            let state = try? JSONDecoder().decode(TrainingState.self, from: data)
        else { throw TrainingError.damagedCheckpoint(path, reason: "\(Self.stateName) cannot be read") }
        return state
    }

    /// What is trained by its keys, float32, the mapped file itself; the average where `averaged`. Throws `SafetensorsError`.
    func weights(averaged: Bool = false) throws -> [String: Tensor] {
        let settings = try state().settings
        let isAdapter = settings.trainable == .lora
        let name = Self.files(of: settings, suffix: averaged ? Self.averageSuffix : "")[0]
        let tensors = try SafetensorsCollection(path: "\(path)/\(name)").tensors()
        guard isAdapter else { return tensors }
        return Dictionary(
            uniqueKeysWithValues: tensors.map { (String($0.key.dropFirst(Self.adapterPrefix.count)), $0.value) })
    }

    /// What diffusers puts before a transformer's adapters.
    private static let adapterPrefix = "transformer."

    /// Gives averages those of this checkpoint.
    func loadAverages(into average: ExponentialMovingAverage) throws {
        let weights = try weights(averaged: true)
        for (buffer, average) in zip(average.buffers, average.averages) {
            for (key, part) in try buffer.views(of: average) {
                guard let kept = weights[key], kept.shape == part.shape else {
                    throw TrainingError.damagedCheckpoint(path, reason: "it has no average of \(key)")
                }
                try part.copyInPlace(kept)
            }
        }
    }

    /// Writes the model as it is at this checkpoint, adapters merged and averaged where the run averages, as a folder of its own.
    ///
    /// - Throws: `ModelError`, and what loading the base model throws.
    package func export(to target: String, folded: Bool, dtype: DType?) throws {
        let settings = try state().settings
        let base = try ModelFolder(settings.baseModelPath)
        let trained = try weights(averaged: settings.emaDecay != nil)
        let transformer =
            try settings.trainable == .lora
            ? TransformerWeights(
                form: .published, tensors: LowRankAdapters.merge(trained, into: base.transformerTensors().tensors))
            : TransformerWeights(form: settings.trainedForm.transformerForm, tensors: trained)
        try base.exportForSegmentation(
            to: target, folded: folded, dtype: dtype, transformer: transformer, usage: settings.usage)
    }

    private static func tensors(_ path: String) throws -> [String: Tensor] {
        try SafetensorsCollection(path: path).tensors()
    }

    /// Gives an optimiser the moments of this checkpoint.
    func loadMoments(into optimizer: AdamW) throws {
        let tensors = try Self.tensors("\(path)/\(Self.optimizerName)")
        for (name, target) in Self.moments(of: optimizer) {
            guard let source = tensors[name], source.shape == target.shape else {
                throw TrainingError.damagedCheckpoint(
                    path, reason: "\(Self.optimizerName) has no \(name) of the right size")
            }
            try target.copyInPlace(source)
        }
    }

    private static func moments(of optimizer: AdamW) -> [(String, Tensor)] {
        optimizer.buffers.indices.flatMap { index in
            [
                ("exp_avg.\(index)", optimizer.expAvgs[index]), ("exp_avg_sq.\(index)", optimizer.expAvgSqs[index]),
                ("step.\(index)", optimizer.steps[index]),
            ]
        }
    }

    /// Writes a checkpoint of a trainer into an output folder.
    ///
    /// - Throws: ``TrainingError/unwritable(_:reason:)``, `AtomicFileError`, `SafetensorsError`; nothing of it is left then.
    @discardableResult
    public static func write(_ trainer: Trainer, to folder: String) throws -> TrainingCheckpoint {
        let target = "\(folder)/\(prefix)\(trainer.state.step)"
        if let old = try? TrainingCheckpoint(target) {
            // What a run went on before may be damaged.
            if (try? old.verify()) != nil { return old }
            try old.remove()
        }
        let staging = "\(folder)/.\(prefix)\(trainer.state.step).partial-\(getpid())"
        let files = FileManager.default
        defer { try? files.removeItem(atPath: staging) }
        do {
            try files.createDirectory(atPath: staging, withIntermediateDirectories: true)
        } catch {
            throw TrainingError.unwritable(target, reason: error.localizedDescription)
        }
        try writeWeights(of: trainer, trainer.transformer.state(), suffix: "", to: staging)
        if let average = trainer.average {
            let views = try zip(average.buffers, average.averages).flatMap { try $0.views(of: $1) }
            let constants = try trainer.transformer.constantState()
            try writeWeights(of: trainer, constants + views, suffix: averageSuffix, to: staging)
        }
        try SafetensorsWriter.write(
            to: "\(staging)/\(optimizerName)",
            entries: moments(of: trainer.optimizer).map { SafetensorsEntry($0, try $1.to(.float32, device: .cpu)) })
        try AtomicFile.write(json(trainer.state), to: "\(staging)/\(stateName)")
        let names = names(for: trainer.state.settings)
        let manifest = Dictionary(
            uniqueKeysWithValues: try names.map { ($0, try entry(of: "\(staging)/\($0)")) })
        try AtomicFile.write(json(manifest), to: "\(staging)/\(manifestName)")
        guard rename(staging, target) == 0 else {
            throw TrainingError.unwritable(target, reason: String(cString: strerror(errno)))
        }
        flush(folder)
        return try TrainingCheckpoint(target)
    }

    private static func writeWeights(
        of trainer: Trainer, _ weights: [(key: String, tensor: Tensor)], suffix: String, to folder: String
    ) throws {
        let settings = trainer.state.settings
        let files = files(of: settings, suffix: suffix)
        if files.count > 1 {
            let configuration = try trainer.base.transformerConfigurationData(settings.trainedForm.transformerForm)
            do {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/transformer\(suffix)", withIntermediateDirectories: true)
            } catch {
                throw TrainingError.unwritable(folder, reason: error.localizedDescription)
            }
            try AtomicFile.write([UInt8](configuration), to: "\(folder)/\(files[1])")
        }
        let prefix = settings.trainable == .lora ? adapterPrefix : ""
        try SafetensorsWriter.write(
            to: "\(folder)/\(files[0])",
            entries: weights.map { SafetensorsEntry(prefix + $0.key, try $0.tensor.to(.float32, device: .cpu)) })
    }

    /// Removes the checkpoint; first from sight, then its files.
    public func remove() throws {
        let trash = "\((path as NSString).deletingLastPathComponent)/.\(Self.prefix)\(step).trash-\(getpid())"
        guard rename(path, trash) == 0 else {
            throw TrainingError.unwritable(path, reason: String(cString: strerror(errno)))
        }
        try FileManager.default.removeItem(atPath: trash)
    }

    private static func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(value))
    }

    private static func entry(of path: String) throws -> Entry {
        let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        return Entry(bytes: bytes ?? -1, sha256: try SHA256.digest(ofFile: path))
    }

    private static func flush(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
