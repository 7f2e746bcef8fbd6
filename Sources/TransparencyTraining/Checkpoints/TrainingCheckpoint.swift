import Files
import Foundation
import StableDiffusion3
package import Torch
import TorchNN
import TorchTraining
import TransparencySegmentation

/// A checkpoint of fine-tuning, from which a run goes on: what is trained, the optimizer's moments and the state of the run.
///
/// A transformer is in `transformer/`, whose plain form diffusers loads, and its average in `transformer_ema/`; adapters are in
/// `pytorch_lora_weights.safetensors`, as diffusers names and loads them.
public struct TrainingCheckpoint: Sendable {
    package let store: any CheckpointStore
    /// The updates before it.
    public let step: Int

    static let stateName = "trainer_state.json"
    static let optimizerName = "optimizer"
    /// What diffusers puts before a transformer's adapters.
    static let adapterPrefix = "transformer."

    /// Where it is.
    public var path: String { store.name(of: step) }

    package init(_ store: any CheckpointStore, step: Int) {
        (self.store, self.step) = (store, step)
    }

    /// Names a checkpoint's folder. Throws ``TrainingError/noCheckpoint(_:)`` when there is no such folder.
    public init(_ path: String) throws {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let name = (path as NSString).lastPathComponent
        guard isFolder(path), let step = FolderCheckpointStore.step(ofName: name) else {
            throw TrainingError.noCheckpoint(path)
        }
        let parent = parentFolder(of: path)
        self.init(FolderCheckpointStore(parent.isEmpty ? "." : parent), step: step)
    }

    /// Checks that everything is as it was written, and that nothing is missing.
    ///
    /// Throws ``TrainingError/damagedCheckpoint(_:reason:)``.
    public func verify() throws { try verify(Ranks()) }

    /// The same by all ranks, which share the work and find the same.
    package func verify(_ ranks: Ranks) throws {
        guard ranks.size > 1 else { return try verifyShare(ranks) }
        var finding = ""
        do { try verifyShare(ranks) } catch TrainingError.damagedCheckpoint(_, let reason) {
            finding = reason
        } catch TrainingError.noCheckpoint {
            finding = "rank \(ranks.rank) does not see it"
        }
        let findings = try ranks.gather(Array(finding.utf8)).map { String(decoding: $0, as: UTF8.self) }
        guard let first = findings.first(where: { !$0.isEmpty }) else { return }
        throw TrainingError.damagedCheckpoint(path, reason: first)
    }

    private func verifyShare(_ ranks: Ranks) throws {
        let names = try store.verify(step, ranks: ranks)
        let settings = try state().settings
        var needed = [Self.stateName, Self.optimizerName]
        for averaged in settings.training.emaDecay == nil ? [false] : [false, true] {
            needed += [Self.weightsName(settings.model, averaged: averaged)].compactMap(\.self)
            needed += Self.headName(settings.model, averaged: averaged).map { ["\($0)/\(Self.weightsStem)"] } ?? []
        }
        for name in needed where !names.contains(name) {
            throw TrainingError.damagedCheckpoint(path, reason: "its manifest does not name \(name)")
        }
    }

    static let weightsStem = "diffusion_pytorch_model"

    /// The group of what is trained of the transformer; nil where that stays as it is.
    static func weightsName(_ model: TrainingSettings.Model, averaged: Bool = false) -> String? {
        let suffix = averaged ? "_ema" : ""
        return switch model.trainable {
        case .all, .folded: "transformer\(suffix)/\(weightsStem)"
        case .lora: "pytorch_lora_weights\(suffix)"
        case .head: nil
        }
    }

    /// The folder of the head; nil where the transformer's own projection is all there is.
    static func headName(_ head: HeadForm, averaged: Bool) -> String? {
        head.folder.map { averaged ? "\($0)_ema" : $0 }
    }

    private static func headName(_ model: TrainingSettings.Model, averaged: Bool) -> String? {
        let folder = model.head == .readout ? "mask_head" : model.localContinuity ? "local_continuity" : nil
        return folder.map { averaged ? "\($0)_ema" : $0 }
    }

    /// The state of the run. Throws ``TrainingError`` when it is of other settings or files and that is not allowed.
    ///
    /// - Parameter fresh: How the run that goes on from here would begin.
    func state(for fresh: TrainingState, allowsChanges: Bool) throws -> TrainingState {
        let settings = fresh.settings
        var state = try state()
        if allowsChanges {
            let (kept, new) = (state.settings, settings)
            let hasOtherWeights =
                kept.model.trainable != new.model.trainable
                || (new.model.trainable == .lora && kept.model.trainedForm != new.model.trainedForm)
                || kept.model.head != new.model.head || kept.model.localContinuity != new.model.localContinuity
                || (new.model.head == .readout && kept.model.target != new.model.target)
                || (new.training.emaDecay != nil && kept.training.emaDecay == nil)
            guard !hasOtherWeights else {
                throw TrainingError.otherRun(
                    path,
                    differences: [
                        "trainable, lora_rank, lora_targets, head, local_continuity, a readout's target and a new ema_decay cannot change in a run"
                    ])
            }
            if settings.model.dataType == .fp16, state.lossScale == nil { state.lossScale = LossScale() }
            if settings.model.dataType != .fp16 { state.lossScale = nil }
        } else {
            let differences = settings.differences(from: state.settings) + fresh.differencesOfFiles(from: state)
            guard differences.isEmpty else { throw TrainingError.otherRun(path, differences: differences) }
        }
        (state.settings, state.filesHash) = (settings, fresh.filesHash)
        (state.baseHash, state.planHash) = (fresh.baseHash, fresh.planHash)
        return state
    }

    /// The state as it was written.
    public func state() throws -> TrainingState {
        let data = try store.document(Self.stateName, of: step)
        do {
            return try JSONDecoder().decode(TrainingState.self, from: data)
        } catch {
            var reason = "\(Self.stateName) cannot be read"
            if case DecodingError.dataCorrupted(let context) = error { reason += ": \(context.debugDescription)" }
            throw TrainingError.damagedCheckpoint(path, reason: reason)
        }
    }

    /// What is trained by the keys of `TrainableTransformer.state()`; the average where `averaged`. Throws what reading throws.
    func trained(averaged: Bool) throws -> [String: Tensor] {
        let model = try state().settings.model
        guard let name = Self.headName(model, averaged: averaged) else { return try weights(averaged: averaged) }
        let prefix = name.replacing("_ema", with: "") + "."
        let head = try store.tensors("\(name)/\(Self.weightsStem)", of: step)
        return try weights(averaged: averaged)
            .merging(head.map { (prefix + $0.key, $0.value) }) { $1 }
    }

    /// The head's weights, float32; the average where `averaged`. Throws what reading throws.
    func headWeights(_ form: HeadForm, averaged: Bool = false) throws -> HeadWeights {
        guard let name = Self.headName(form, averaged: averaged) else { return HeadWeights(form, [:]) }
        return HeadWeights(form, try store.tensors("\(name)/\(Self.weightsStem)", of: step))
    }

    /// What is trained of the transformer by its keys, float32; the average where `averaged`. Throws what reading throws.
    func weights(averaged: Bool = false) throws -> [String: Tensor] {
        let model = try state().settings.model
        guard let name = Self.weightsName(model, averaged: averaged) else { return [:] }
        let tensors = try store.tensors(name, of: step)
        guard model.trainable == .lora else { return tensors }
        return Dictionary(
            uniqueKeysWithValues: tensors.map { (String($0.key.dropFirst(Self.adapterPrefix.count)), $0.value) })
    }

    /// Gives a part of the trainer what it had.
    func load(_ state: [String: Tensor], into part: any Checkpointable) throws {
        do {
            try part.load(state, releasePages: store.releasePages)
        } catch let error as CheckpointableError {
            throw TrainingError.damagedCheckpoint(path, reason: "\(error)")
        }
    }

    /// Writes the model as it is at this checkpoint, adapters merged and averaged where the run averages, as a folder of its own.
    ///
    /// - Parameter basePath: Where the run's base model is now; nil for where it was.
    /// - Throws: ``TrainingError/baseModelMissing(_:base:reason:)``, and what loading the base model throws.
    package func export(
        to target: String, folded: Bool, dtype: DType?, replacing replaces: Bool = false, base basePath: String? = nil
    ) throws {
        let settings = try state().settings
        let base: ModelFolder
        do {
            base = try ModelFolder(basePath ?? settings.model.baseModelPath)
        } catch let error as ModelError where basePath == nil {
            throw TrainingError.baseModelMissing(path, base: settings.model.baseModelPath, reason: "\(error)")
        }
        let isAveraged = settings.training.emaDecay != nil
        let trained = try weights(averaged: isAveraged)
        let transformer: TransformerWeights? =
            switch settings.model.trainable {
            case .all, .folded:
                TransformerWeights(form: settings.model.trainedForm.transformerForm, tensors: trained)
            case .lora:
                TransformerWeights(
                    form: .plain, tensors: try LowRankAdapters.merge(trained, into: base.transformerTensors().tensors))
            case .head: nil
            }
        let head = try headWeights(settings.model.headForm(of: base), averaged: isAveraged)
        try base.exportForSegmentation(
            to: target, folded: folded, dtype: dtype, transformer: transformer, heads: [head],
            usage: settings.model.usage,
            replacing: replaces)
    }
}
