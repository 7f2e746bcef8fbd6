import AtomicFile
import Foundation
import SHA256
import Safetensors
import StableDiffusion3
import Torch
import TorchNN

/// A folder `checkpoint-<step>` from which a run goes on: `transformer/` in diffusers' layout, the optimiser's moments, the state
/// of the run, and a manifest with the sizes and SHA-256 of all of them.
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
    private static let weightsName = "transformer/diffusion_pytorch_model.safetensors"
    private static let configurationName = "transformer/config.json"

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
        for name in [Self.weightsName, Self.configurationName, Self.optimizerName, Self.stateName]
        where manifest[name] == nil {
            throw TrainingError.damagedCheckpoint(path, reason: "its manifest does not name \(name)")
        }
        for (name, entry) in manifest.sorted(by: { $0.key < $1.key }) {
            guard let found = try? Self.entry(of: "\(path)/\(name)") else {
                throw TrainingError.damagedCheckpoint(path, reason: "\(name) is missing or cannot be read")
            }
            guard found == entry else {
                throw TrainingError.damagedCheckpoint(path, reason: "\(name) has changed since it was written")
            }
        }
    }

    /// The state of the run. Throws ``TrainingError`` when it is of other settings or files.
    func state(for settings: TrainingSettings, filesHash: String) throws -> TrainingState {
        let state = try state()
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

    /// The transformer's weights, float32. Throws `SafetensorsError`.
    func transformerTensors() throws -> [String: Tensor] { try Self.tensors("\(path)/\(Self.weightsName)") }

    private static func tensors(_ path: String) throws -> [String: Tensor] {
        let file = try SafetensorsFile(path: path)
        return try file.tensors.mapValues { info in
            try file.withUnsafeBytes(of: info.name) { try Tensor(copying: $0, shape: info.shape, dtype: .float32) }
        }
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
            try files.createDirectory(atPath: "\(staging)/transformer", withIntermediateDirectories: true)
        } catch {
            throw TrainingError.unwritable(target, reason: error.localizedDescription)
        }
        try writeTransformer(trainer, to: "\(staging)/transformer")
        try SafetensorsWriter.write(
            to: "\(staging)/\(optimizerName)",
            entries: moments(of: trainer.optimizer).map { SafetensorsEntry($0, try $1.to(.float32, device: .cpu)) })
        try AtomicFile.write(json(trainer.state), to: "\(staging)/\(stateName)")
        let names = [weightsName, configurationName, optimizerName, stateName]
        let manifest = Dictionary(
            uniqueKeysWithValues: try names.map { ($0, try entry(of: "\(staging)/\($0)")) })
        try AtomicFile.write(json(manifest), to: "\(staging)/\(manifestName)")
        guard rename(staging, target) == 0 else {
            throw TrainingError.unwritable(target, reason: String(cString: strerror(errno)))
        }
        flush(folder)
        return try TrainingCheckpoint(target)
    }

    /// Writes the transformer as diffusers has it: float32 weights and the base model's configuration.
    static func writeTransformer(_ trainer: Trainer, to folder: String) throws {
        let configuration = "\(trainer.base.path)/transformer/config.json"
        guard let data = FileManager.default.contents(atPath: configuration) else {
            throw TrainingError.unwritable(folder, reason: "\(configuration) cannot be read")
        }
        try AtomicFile.write([UInt8](data), to: "\(folder)/config.json")
        try SafetensorsWriter.write(
            to: "\(folder)/diffusion_pytorch_model.safetensors",
            entries: trainer.transformer.state().map {
                SafetensorsEntry($0.key, try $0.tensor.to(.float32, device: .cpu))
            })
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
