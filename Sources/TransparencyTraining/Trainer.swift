import Images
import SeededRandom
import SegmentationMetrics
public import StableDiffusion3
public import Torch
import TorchNN
import TorchTraining
package import TransparencyData
public import TransparencySegmentation

/// Fine-tunes the transformer to predict masks' latents in one step: image and mask are encoded by the frozen VAE, the
/// transformer predicts the mask's latent, mean squared error, AdamW.
///
/// Updates are a pure function of the state: a run that is interrupted and goes on from a checkpoint is the run. A trainer belongs to
/// the thread that uses it.
public final class Trainer {
    public private(set) var state: TrainingState
    package let device: Device
    /// Updates in all.
    public let totalSteps: Int
    package let base: ModelFolder

    let transformer: TrainableTransformer
    let optimizer: AdamW
    /// The averaged weights, where they are asked for.
    let average: ExponentialMovingAverage?
    private let encoder: LatentEncoder
    private let schedule: LearningRateSchedule
    private let loader: TrainingLoader
    private let pictureCount: Int
    private let dtype: DType

    /// Loads the model and, where there is one, a checkpoint.
    ///
    /// - Parameters:
    ///   - dataset: With the plan that `settings` names.
    ///   - checkpoint: What to go on from.
    ///   - allowsChanges: Whether the checkpoint's run may have had other settings or files.
    ///   - recomputes: Whether blocks are run again for their gradients, which saves memory and costs a third more time.
    ///   - latentCache: A folder that keeps the VAE's latents; nil to encode each time.
    ///   - workerCount: Pictures that are read at once.
    /// - Throws: ``TrainingError``, `DatasetError`, and what loading a model throws.
    package init(
        _ settings: TrainingSettings, dataset: Dataset, checkpoint: TrainingCheckpoint? = nil,
        allowsChanges: Bool = false, device: Device, recomputes: Bool = true, latentCache: String? = nil,
        workerCount: Int
    ) throws {
        let problems = settings.problems()
        guard problems.isEmpty else { throw TrainingError.settings(problems.map(\.text)) }
        let pairs = try dataset.pairs(.train)
        let filesHash = try dataset.filesHash(of: pairs)
        state =
            try checkpoint?.state(for: settings, filesHash: filesHash, allowsChanges: allowsChanges)
            ?? TrainingState(
                settings: settings, filesHash: filesHash)
        (self.device, pictureCount) = (device, pairs.count)
        dtype = settings.dataType.dtype
        totalSteps = settings.totalSteps(pictureCount: pairs.count)
        schedule = settings.schedule(pictureCount: pairs.count)
        let base = try ModelFolder(settings.baseModelPath)
        self.base = base
        let (unit, largest) = try base.inputLimits()
        guard settings.resolution % unit == 0, settings.resolution <= largest else {
            throw TrainingError.settings([
                "resolution is \(settings.resolution); a multiple of \(unit) up to \(largest) was expected"
            ])
        }
        TorchRuntime.keepFreedMemory(true)
        // Stable Diffusion's VAE goes beyond what float16 can hold.
        let autoencoder = try base.loadAutoencoder(dtype: dtype == .float16 ? .float32 : dtype, device: device)
        let cache = try latentCache.map { try LatentCache($0, model: base, settings: settings) }
        encoder = LatentEncoder(autoencoder, posterior: settings.vaePosterior, cache: cache, device: device)
        let transformer = try Self.transformer(
            settings, base: base, checkpoint: checkpoint, dtype: dtype, device: device, recomputes: recomputes)
        self.transformer = transformer
        optimizer = try AdamW(transformer.buffers, settings.optimizer)
        average = try settings.emaDecay.map { try ExponentialMovingAverage(transformer.buffers, decay: $0) }
        try checkpoint?.loadMoments(into: optimizer)
        if let average { try checkpoint?.loadAverages(into: average) }
        loader = TrainingLoader(dataset, pairs, settings, cursor: state.cursor, workerCount: workerCount, cache: cache)
    }

    private static func transformer(
        _ settings: TrainingSettings, base: ModelFolder, checkpoint: TrainingCheckpoint?, dtype: DType, device: Device,
        recomputes: Bool
    ) throws -> TrainableTransformer {
        let form = settings.trainedForm
        let configuration = try base.transformerConfiguration()
        let isFolded = try base.transformerForm() == .folded
        guard form == .folded || !isFolded else {
            throw TrainingError.settings([
                "trainable is \(settings.trainable.rawValue), but \(base.path) is folded; use folded, or the published form of the model"
            ])
        }
        let prompt = isFolded ? nil : try base.loadEmptyPrompt()
        let trained = try checkpoint?.weights()
        let tensors: [String: Tensor]
        switch form {
        case .lora: tensors = try base.transformerTensors().tensors
        case .all: tensors = try trained ?? base.transformerTensors().tensors
        case .folded:
            let own = try trained ?? base.transformerTensors().tensors
            tensors =
                try trained == nil && !isFolded
                ? prompt.map {
                    try FoldedTransformer.fold(
                        configuration, Weights(own, dtype: .float32), timestep: segmentationTimestep, prompt: $0)
                } ?? own : own
        }
        var isAdapter = false
        if case .lora = form { isAdapter = true }
        return try TrainableTransformer(
            configuration, tensors, form: form, adapters: isAdapter ? trained : nil, dtype: dtype, device: device,
            timestep: segmentationTimestep, prompt: prompt, recomputes: recomputes,
            seed: UInt32(truncatingIfNeeded: settings.seed))
    }

    /// Whether all updates are done.
    public var isFinished: Bool { state.step >= totalSteps }

    /// Does the next update.
    ///
    /// A loss or a gradient norm that is not finite never reaches the weights: the update is skipped.
    ///
    /// - Parameter rate: The learning rate; nil for the schedule's.
    /// - Throws: ``TrainingError/notFinite(_:names:)`` after `limit` skipped updates in a row, what reading pictures throws, and
    ///   `TorchError`. The state is then that before the update.
    public func update(rate: Double? = nil, skipLimit limit: Int = 10) async throws -> TrainingUpdate {
        let start = ContinuousClock.now
        let settings = state.settings
        var (loss, wait, names) = (0.0, Duration.zero, [String]())
        for part in 0..<settings.gradientAccumulationSteps {
            let before = ContinuousClock.now
            let batch = try await loader.next()
            wait += ContinuousClock.now - before
            names += batch.names
            loss +=
                try withFastKernels { try accumulate(batch, part: part) } / Double(settings.gradientAccumulationSteps)
        }
        if let scale = state.lossScale {
            for buffer in transformer.buffers { try buffer.gradient.affineInPlace(scale: 1 / scale.value, shift: 0) }
        }
        let norm = try clipGradientNorm(transformer.buffers, limit: settings.maxGradNorm).item()
        let rate = rate ?? schedule.rate(at: state.step)
        let isFinite = loss.isFinite && norm.isFinite
        if isFinite {
            try optimizer.step(learningRate: rate)
            try average?.update(step: state.step)
            state.skippedInARow = 0
        } else {
            for buffer in transformer.buffers { try buffer.gradient.zeroInPlace() }
            // An overflow that a smaller scale can mend says nothing of the run.
            if state.lossScale?.canShrink != true || !loss.isFinite { state.skippedInARow += 1 }
        }
        state.lossScale?.update(isFinite: isFinite)
        state.step += 1
        state.cursor += settings.effectiveBatchSize
        if state.skippedInARow >= limit { throw TrainingError.notFinite(state.skippedInARow, names: names) }
        return TrainingUpdate(
            step: state.step, epoch: Double(state.cursor) / Double(pictureCount), loss: loss, lr: rate, gradNorm: norm,
            skipped: !isFinite, seconds: (ContinuousClock.now - start).seconds, dataWait: wait.seconds,
            memory: try device.peakMemory())
    }

    /// The gradients of one batch of an update; gives its loss.
    private func accumulate(_ batch: TrainingBatch, part: Int) throws -> Double {
        let settings = state.settings
        // Seeds of the draws: another for each batch, the same when a run is repeated.
        var random = SplitMix64(
            seed: settings.seed, stream: UInt64(state.step * settings.gradientAccumulationSteps + part))
        func seed() -> UInt32 { UInt32(truncatingIfNeeded: random.next() >> 1) }
        let (picture, mask) = try withoutGradients {
            (
                try encoder.latents(batch.samples.map(\.picture), seed: seed()).to(dtype),
                try encoder.latents(batch.samples.map(\.mask), seed: seed()).to(.float32)
            )
        }
        let scale = (state.lossScale?.value ?? 1) / Double(settings.gradientAccumulationSteps)
        let input = try picture.to(.float32)
        return try transformer.accumulateGradients(picture, scale: scale) { output in
            try settings.outputForm.mask(output: output.to(.float32), picture: input).meanSquaredError(mask)
        }.item()
    }

    /// Does something with a segmenter that computes with the weights as they are now; with their average, where there is one.
    package func withSegmenter<R: Sendable>(
        _ body: @ComputeActor @Sendable (Segmenter) throws -> R
    ) async throws -> R {
        // The trainer waits for the thread that computes, and nobody else has it.
        nonisolated(unsafe) let trainer = self
        return try await ComputeActor.run {
            let segmenter = try Segmenter(
                model: trainer.base, usage: trainer.state.settings.usage, autoencoder: trainer.encoder.autoencoder,
                device: trainer.device, dtype: trainer.encoder.dtype, side: trainer.state.settings.resolution,
                transformer: { [transformer = trainer.transformer, dtype = trainer.dtype] in
                    try transformer($0.to(dtype)).to($0.dtype)
                })
            return try trainer.average?.withAverages { try body(segmenter) } ?? body(segmenter)
        }
    }

    /// Notes a validation; says whether it is the best so far.
    public func note(iou: Double) -> Bool {
        guard iou > state.best?.iou ?? -1 else { return false }
        state.best = .init(step: state.step, iou: iou)
        return true
    }
}
