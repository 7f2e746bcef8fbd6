import Foundation
package import StableDiffusion3
package import Torch
import TorchNN
import TorchTraining
package import TransparencyData
import TransparencySegmentation

/// Fine-tunes the transformer to predict masks in one step: the frozen VAE encodes the picture, the transformer and its head predict the
/// mask's latent or its pixels (``TrainingLoss``), AdamW.
///
/// Updates are a pure function of the state: a run that is interrupted and goes on from a checkpoint is the run.
@ComputeActor
package final class Trainer {
    package internal(set) var state: TrainingState
    package nonisolated let device: Device
    /// Updates in all.
    package nonisolated let totalSteps: Int
    package let base: ModelFolder

    let transformer: TrainableTransformer
    let optimizer: AdamW
    /// The averaged weights, where they are asked for.
    let average: ExponentialMovingAverage?
    let dataset: Dataset
    /// What validation looks at.
    let validationPairs: [DatasetPair]
    let encoder: LatentEncoder
    private let schedule: LearningRateSchedule
    let loader: TrainingLoader
    let ranks: Ranks
    package nonisolated let pictureCount: Int
    let dtype: DType
    /// Whether weights have been changed by an update that then failed, so that they are of no state at all.
    private var hasTornWeights = false
    /// The sentences of pictures that could not be read so far, by their paths.
    var unreadable: [String: String] = [:]

    var isTorn: Bool { hasTornWeights || average?.hasLostWeights == true }

    /// Pictures that a run may do without: one in a hundred, and one at least.
    nonisolated static func unreadableLimit(pictureCount: Int) -> Int { max(1, pictureCount / 100) }

    /// Called with the number of each batch of an update, from 0 on, when its gradients have been added; tests let it fail.
    var didAccumulate: (Int) throws -> Void = { _ in }

    /// Loads the model and, where there is one, a checkpoint.
    ///
    /// - Parameters:
    ///   - dataset: With the plan that `settings` names.
    ///   - checkpoint: What to go on from.
    ///   - allowsChanges: Whether the checkpoint's run may have had other settings or files.
    ///   - ranks: As many processes as the settings say, each of which has a trainer of the same.
    /// - Throws: ``TrainingError``, `DatasetError`, and what loading a model throws.
    package init(
        _ settings: TrainingSettings, dataset: Dataset, checkpoint: TrainingCheckpoint? = nil,
        allowsChanges: Bool = false, ranks: Ranks = Ranks()
    ) throws {
        precondition(settings.training.processCount == ranks.size, "the settings tell of other processes")
        self.ranks = ranks
        let problems = settings.problems()
        guard problems.isEmpty else { throw TrainingError.settings(problems.map(\.text)) }
        let base = try ModelFolder(settings.model.baseModelPath)
        try settings.checkResolution(for: base)
        try TrainingMemory(settings, model: base).check()
        let pairs = try dataset.pairs(.train)
        validationPairs = try settings.validationPairs(of: dataset)
        let fresh = try TrainingState(settings, dataset: dataset, base: base)
        state = try checkpoint?.state(for: fresh, allowsChanges: allowsChanges) ?? fresh
        let device = try Device.usable(settings.compute.device)
        (self.base, self.dataset, self.device, pictureCount) = (base, dataset, device, pairs.count)
        let dtype = settings.model.dataType.dtype
        self.dtype = dtype
        totalSteps = settings.training.totalSteps(pictureCount: pairs.count)
        schedule = settings.schedule(pictureCount: pairs.count)
        if device.kind == .cuda { TorchRuntime.useDeterministicAlgorithms() }
        TorchRuntime.keepFreedMemory(false)
        if let threads = settings.compute.threads { try TorchRuntime.setThreadCount(threads) }
        // Stable Diffusion's VAE goes beyond what float16 can hold.
        let autoencoder = try base.loadAutoencoder(
            dtype: dtype == .float16 ? .float32 : dtype, device: device, decodes: settings.usesDecoder)
        let reading = settings.samples
        let cache = try settings.dataset.latentCache.map {
            try LatentCache(
                $0, model: base, dataset: dataset, reading: reading,
                dataType: settings.model.dataType)
        }
        encoder = LatentEncoder(autoencoder, posterior: settings.model.vaePosterior, cache: cache, device: device)
        let transformer = try settings.transformer(
            base: base, checkpoint: checkpoint, device: device, group: ranks.group)
        self.transformer = transformer
        optimizer = try AdamW(transformer.trained, settings.optimizer.adamW)
        average = try settings.training.emaDecay.map { try ExponentialMovingAverage(transformer.trained, decay: $0) }
        loader = TrainingLoader(
            TrainingReader(
                dataset, pairs, reading, cache: cache, tolerance: Self.unreadableLimit(pictureCount: pairs.count)),
            cursor: state.cursor, workerCount: settings.workerCount, rank: ranks.rank,
            processCount: ranks.size)
        if let checkpoint {
            try checkpoint.load(
                checkpoint.store.tensors(TrainingCheckpoint.optimizerName, of: checkpoint.step), into: optimizer)
            if let average {
                try checkpoint.load(transformer.withoutConstants(checkpoint.trained(averaged: true)), into: average)
            }
        }
        // What loading needed for a while is given back before.
        TorchRuntime.keepFreedMemory(device.kind == .cpu)
    }

    /// Whether all updates are done.
    package var isFinished: Bool { state.step >= totalSteps }

    /// Does the next update.
    ///
    /// A loss or a gradient norm that is not finite never reaches the weights: the update is skipped.
    ///
    /// - Parameters:
    ///   - rate: The learning rate; nil for the schedule's.
    ///   - limit: So many skipped updates in a row are an error.
    /// - Throws: ``TrainingError``, what reading pictures throws, and `TorchError`. Everything is then as it was before the update, which may
    ///   be tried again.
    package func update(rate: Double? = nil, skipLimit limit: Int = 10) async throws -> TrainingUpdate {
        guard !isTorn else { throw TrainingError.torn }
        do {
            return try await tryUpdate(rate: rate, skipLimit: limit)
        } catch {
            loader.seek(to: state.cursor)
            try? transformer.trained.discardGradients()
            guard let error = error as? TorchError, error.kind == .outOfMemory else { throw error }
            throw TrainingError.outOfMemory(
                step: state.step + 1, reason: "\(error)", remedy: state.settings.memoryRemedy)
        }
    }

    private func tryUpdate(rate: Double?, skipLimit limit: Int) async throws -> TrainingUpdate {
        let start = ContinuousClock.now
        let settings = state.settings.training
        var (wait, names) = (Duration.zero, [String]())
        var passes: [Terms] = []
        var faults: [String: String] = [:]
        for part in 0..<settings.gradientAccumulationSteps {
            let before = ContinuousClock.now
            let (batch, unreadable) = try await nextBatch()
            wait += ContinuousClock.now - before
            names += batch.names
            faults.merge(unreadable) { $1 }
            let isLast = part == settings.gradientAccumulationSteps - 1
            passes.append(try withFloat32(.ieee) { try withFastKernels { try accumulate(batch, isLast: isLast) } })
            try didAccumulate(part)
        }
        let clip = try GradientClip(
            transformer.trained, limit: state.settings.gradientClipping.maxGradNorm, scale: state.lossScale?.value ?? 1)
        let (ownLoss, terms, norm) = try read(passes, norm: clip.norm)
        let totals = try totals(loss: ownLoss, terms: terms, wait: wait, memory: device.peakMemory())
        let loss = totals.loss
        try base.requireUnchangedFiles()
        let rate = rate ?? schedule.rate(at: state.step)
        let isFinite = loss.isFinite && norm.isFinite
        var next = state
        if isFinite {
            next.skippedInARow = 0
        } else if state.lossScale?.canShrink != true || !loss.isFinite {
            // An overflow that a smaller scale can mend says nothing of the run.
            next.skippedInARow += 1
        }
        next.lossScale?.update(isFinite: isFinite)
        next.step += 1
        next.cursor += settings.effectiveBatchSize
        guard next.skippedInARow < limit else {
            let all = try ranks.gather(prettyJSON(names)).flatMap {
                try JSONDecoder().decode([String].self, from: Data($0))
            }
            try ranks.fail(TrainingError.notFinite(next.skippedInARow, names: all))
        }
        if isFinite {
            // Works in place: only a device that fails can leave it half done.
            hasTornWeights = true
            try optimizer.step(learningRate: rate, factor: clip.factor) { part, master in
                try average?.update(part: part, master: master, step: state.step)
            }
            hasTornWeights = false
        } else {
            try transformer.trained.discardGradients()
        }
        state = next
        return TrainingUpdate(
            step: state.step, epoch: Double(state.cursor) / Double(pictureCount), loss: loss, lr: rate, gradNorm: norm,
            skipped: !isFinite, seconds: (ContinuousClock.now - start).seconds, dataWait: totals.wait,
            memory: totals.memory, losses: totals.terms,
            unreadable: faults.isEmpty ? nil : faults.sorted { $0.key < $1.key }.map(\.value))
    }

    /// The terms of a pass's loss, scalars on the device.
    private typealias Terms = [(term: LossTerm, value: Tensor)]

    /// The passes' mean loss and terms, and the gradients' norm. All numbers of an update are read here, at once: each read waits for the device.
    private func read(
        _ passes: [Terms], norm: Tensor
    ) throws -> (loss: Double, terms: [LossTerm: Double], norm: Double) {
        let terms = passes.flatMap(\.self)
        let values = try Tensor.items(terms.map(\.value) + [norm])
        var means: [LossTerm: Double] = [:]
        for (term, value) in zip(terms.map(\.term), values) { means[term, default: 0] += value / Double(passes.count) }
        let loss = state.settings.lossWeights.value(of: means, pixelShare: pixelShare)
        return (loss, means, values[terms.count])
    }

    /// What terms of pixels are multiplied by in the next update.
    private var pixelShare: Double { state.settings.pixelShare(epoch: Double(state.cursor) / Double(pictureCount)) }

    /// The gradients of one batch of an update.
    private func accumulate(_ batch: TrainingBatch, isLast: Bool) throws -> Terms {
        let training = state.settings.training
        let seeds = batch.samples.indices.map { DrawSeeds(seed: training.seed, position: batch.position + $0) }
        let (masks, classes) = (batch.samples.compactMap(\.mask), batch.samples.compactMap(\.classes))
        let tellsApart = state.settings.model.target == .color
        let (picture, mask, pixels) = try withoutGradients {
            (
                try encoder.latents(batch.samples.map(\.picture), seeds: seeds.map(\.picture)).to(dtype),
                try masks.isEmpty ? nil : encoder.latents(masks, seeds: seeds.map(\.mask)).to(.float32),
                try classes.isEmpty
                    ? nil : PixelLosses(classes.tensor(on: device) * 255, tellsApart: tellsApart)
            )
        }
        let scale = (state.lossScale?.value ?? 1) / Double(training.gradientAccumulationSteps * ranks.size)
        let loss = TrainingLoss(
            settings: state.settings.model, weights: state.settings.lossWeights,
            pixelShare: pixelShare,
            autoencoder: encoder.autoencoder, picture: try picture.to(.float32), maskLatent: mask, pixels: pixels)
        var terms: Terms = []
        _ = try transformer.accumulateGradients(picture, scale: scale, isLast: isLast) { output in
            try loss(output) { terms.append(($0, $1)) }
        }
        return terms
    }
}
