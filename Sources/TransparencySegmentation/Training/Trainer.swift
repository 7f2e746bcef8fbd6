import Images
import SegmentationMetrics
import StableDiffusion3
import Torch
import TorchNN
import Trans10K

/// Fine-tunes the transformer to predict masks' latents in one step: image and mask are encoded by the frozen VAE, the
/// transformer predicts the mask's latent, mean squared error, AdamW.
///
/// Updates are a pure function of the state: a run that is interrupted and goes on from a checkpoint is the run. A trainer belongs to
/// the thread that uses it.
public final class Trainer {
    public private(set) var state: TrainingState
    public let device: Device
    /// Updates in all.
    public let totalSteps: Int
    public let base: ModelFolder

    let transformer: TrainableTransformer
    let optimizer: AdamW
    private let autoencoder: AutoencoderKL
    private let schedule: LearningRateSchedule
    private let loader: TrainingLoader
    private let pictureCount: Int
    private let dtype: DType

    /// Loads the model and, where there is one, a checkpoint.
    ///
    /// - Parameters:
    ///   - dataset: With the plan that `settings` names.
    ///   - checkpoint: What to go on from; its settings must be those given.
    ///   - recomputes: Whether blocks are run again for their gradients, which saves memory and costs a third more time.
    ///   - workerCount: Pictures that are read at once.
    /// - Throws: ``TrainingError``, `DatasetError`, and what loading a model throws.
    public init(
        _ settings: TrainingSettings, dataset: Dataset, checkpoint: TrainingCheckpoint? = nil, device: Device,
        recomputes: Bool = true, workerCount: Int
    ) throws {
        let problems = settings.problems()
        guard problems.isEmpty else { throw TrainingError.settings(problems) }
        let pairs = try dataset.pairs(.train)
        let filesHash = try dataset.filesHash(of: pairs)
        state =
            try checkpoint?.state(for: settings, filesHash: filesHash)
            ?? TrainingState(
                settings: settings, filesHash: filesHash)
        (self.device, pictureCount) = (device, pairs.count)
        dtype = settings.dataType == .bf16 ? .bfloat16 : .float32
        totalSteps = settings.totalSteps(pictureCount: pairs.count)
        schedule = settings.schedule(pictureCount: pairs.count)
        base = try ModelFolder(settings.baseModelPath)
        let (unit, largest) = try base.inputLimits()
        guard settings.resolution % unit == 0, settings.resolution <= largest else {
            throw TrainingError.settings([
                "resolution is \(settings.resolution); a multiple of \(unit) up to \(largest) was expected"
            ])
        }
        autoencoder = try base.loadAutoencoder(dtype: dtype, device: device)
        transformer = try TrainableTransformer(
            base.transformerConfiguration(), checkpoint?.transformerTensors() ?? base.transformerTensors(),
            dtype: dtype,
            device: device, timestep: segmentationTimestep, prompt: base.loadEmptyPrompt(), recomputes: recomputes)
        optimizer = try AdamW(transformer.buffers, settings.optimizer)
        try checkpoint?.loadMoments(into: optimizer)
        loader = TrainingLoader(dataset, pairs, settings, cursor: state.cursor, workerCount: workerCount)
    }

    /// Whether all updates are done.
    public var isFinished: Bool { state.step >= totalSteps }

    /// Does the next update.
    ///
    /// A loss or a gradient norm that is not finite never reaches the weights: the update is skipped.
    ///
    /// - Throws: ``TrainingError/notFinite(_:names:)`` after `limit` skipped updates in a row, what reading pictures throws, and
    ///   `TorchError`. The state is then that before the update.
    public func update(skipLimit limit: Int = 10) async throws -> TrainingUpdate {
        let start = ContinuousClock.now
        let settings = state.settings
        var (loss, wait, names) = (0.0, Duration.zero, [String]())
        for part in 0..<settings.gradientAccumulationSteps {
            let before = ContinuousClock.now
            let batch = try await loader.next()
            wait += ContinuousClock.now - before
            names += batch.names
            loss += try accumulate(batch, part: part) / Double(settings.gradientAccumulationSteps)
        }
        let norm = try clipGradientNorm(transformer.buffers, limit: settings.maxGradNorm).item()
        let rate = schedule.rate(at: state.step)
        let isFinite = loss.isFinite && norm.isFinite
        if isFinite {
            try optimizer.step(learningRate: rate)
            state.skippedInARow = 0
        } else {
            for buffer in transformer.buffers { try buffer.gradient.zeroInPlace() }
            state.skippedInARow += 1
        }
        state.step += 1
        state.cursor += settings.effectiveBatchSize
        if state.skippedInARow >= limit { throw TrainingError.notFinite(state.skippedInARow, names: names) }
        return TrainingUpdate(
            step: state.step, epoch: Double(state.cursor) / Double(pictureCount), loss: loss, lr: rate, gradNorm: norm,
            skipped: !isFinite, seconds: (ContinuousClock.now - start).seconds, dataWait: wait.seconds)
    }

    /// The gradients of one batch of an update; gives its loss.
    private func accumulate(_ batch: TrainingBatch, part: Int) throws -> Double {
        let settings = state.settings
        // Seeds of the draws: another for each batch, the same when a run is repeated.
        var random = SplitMix64(settings.seed, UInt64(state.step * settings.gradientAccumulationSteps + part))
        let (picture, mask) = try withoutGradients {
            (
                try latent(of: batch.pictures(on: device), seed: UInt32(truncatingIfNeeded: random.next() >> 1)),
                try latent(of: batch.masks(on: device), seed: UInt32(truncatingIfNeeded: random.next() >> 1))
            )
        }
        let scale = 1 / Double(settings.gradientAccumulationSteps)
        let target = try mask.to(.float32)
        return try transformer.accumulateGradients(picture, scale: scale) { prediction in
            try prediction.to(.float32).meanSquaredError(target)
        }.item()
    }

    /// `[N, 3, S, S]` in 0…1 to `[N, 16, S/8, S/8]` in the transformer's range.
    private func latent(of pictures: Tensor, seed: UInt32) throws -> Tensor {
        let posterior = try autoencoder.encode((pictures * 2 - 1).to(dtype))
        return try autoencoder.scaled(
            state.settings.vaePosterior == .mode ? posterior.mode() : posterior.sample(seed: seed))
    }

    /// A segmenter that computes with the weights as they are now.
    public func segmenter() throws -> Segmenter {
        try Segmenter(
            model: base, autoencoder: autoencoder, device: device, dtype: dtype,
            side: state.settings.resolution, transformer: { try self.transformer($0) })
    }

    /// Notes a validation; says whether it is the best so far.
    public func note(iou: Double) -> Bool {
        guard iou > state.best?.iou ?? -1 else { return false }
        state.best = .init(step: state.step, iou: iou)
        return true
    }
}
