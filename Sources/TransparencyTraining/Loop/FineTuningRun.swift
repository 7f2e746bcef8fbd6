import Foundation
import StableDiffusion3
package import Torch
package import TransparencyData

/// A fine-tuning run as settings ask for it, ready to begin: the data set, the checkpoint to go on from, the folder, the loop.
@ComputeActor
package struct FineTuningRun {
    package let trainer: Trainer
    package let loop: TrainingLoop<Trainer>
    private let folder: TrainingFolder

    /// Loads everything; nothing is written before all of it is found to be sound.
    ///
    /// - Parameters:
    ///   - masks: Reads the masks, and says what is guessed.
    ///   - allowsChanges: Whether the checkpoint's run may have had other settings or files.
    ///   - loggers: Besides `log.jsonl` and `curves.svg`.
    ///   - isInterrupted: Asked after each update; whether to save and leave.
    /// - Throws: ``TrainingError``, `DatasetError`, and what loading a model throws.
    package init(
        _ settings: TrainingSettings, masks: MaskReader, allowsChanges: Bool, loggers: [any ExperimentLogger],
        isInterrupted: @escaping @Sendable () -> Bool
    ) throws {
        func tell(_ message: String) { for logger in loggers { logger.log(message: message) } }
        try settings.checkResolution(for: ModelFolder(settings.model.baseModelPath))
        let path = settings.projectConfig.outputDir
        let store = FolderCheckpointStore(path)
        let checkpoint = try Self.checkpoint(settings.training.resumeFromCheckpoint, in: store, tell: tell)
        trainer = try Trainer(
            settings, dataset: settings.openDataset(masks: masks), checkpoint: checkpoint, allowsChanges: allowsChanges)
        let isNewRun = settings.training.resumeFromCheckpoint == nil
        folder = try TrainingFolder(path, isNewRun: isNewRun)
        let log = try JSONLinesLogger(path, continuingAt: isNewRun ? nil : trainer.step)
        let training = settings.training
        loop = TrainingLoop(
            trainer, folder: path, store: store,
            schedule: .init(
                saveSteps: training.saveCheckpointSteps
                    ?? training.saveCheckpointEpochs * training.stepsPerEpoch(pictureCount: trainer.pictureCount),
                valSteps: training.valSteps, keepCheckpoints: settings.projectConfig.keepCheckpoints),
            loggers: [log] + loggers + [CurvesLogger(path)], isInterrupted: isInterrupted)
        tell(
            "\(trainer.pictureCount) pictures, \(trainer.totalSteps) updates of \(training.effectiveBatchSize) pictures each"
        )
        if let checkpoint { tell("going on after update \(checkpoint.step)") }
    }

    /// The checkpoint to go on from: a named one must be whole, of latest the newest that is.
    private static func checkpoint(
        _ name: String?, in store: FolderCheckpointStore, tell: (String) -> Void
    ) throws -> TrainingCheckpoint? {
        guard let name else { return nil }
        guard name == "latest" else {
            let checkpoint = try TrainingCheckpoint("\(store.folder)/\(name)")
            try checkpoint.verify()
            return checkpoint
        }
        let latest = try store.latest { step in
            try TrainingCheckpoint(store, step: step).verify()
        } whereDamaged: { error in
            tell("Warning: \(error); trying the one before")
        }
        if latest == nil { tell("Warning: \(store.folder) has no whole checkpoint; beginning anew") }
        return latest.map { TrainingCheckpoint(store, step: $0) }
    }
}
