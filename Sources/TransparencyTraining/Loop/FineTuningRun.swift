import Files
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
        // A run that was killed while it replaced a checkpoint has that under another name until the folder is mended.
        let existing = isFolder(path) ? try TrainingFolder(path) : nil
        let choice = try CheckpointChoice(settings.training.resumeFromCheckpoint, in: store, tell: tell)
        if choice.beginsFolder { try existing?.checkIsFree() }
        let dataset = try settings.openDataset(masks: masks)
        try settings.checkPictures(of: dataset)
        trainer = try Trainer(
            settings, dataset: dataset, checkpoint: choice.checkpoint, allowsChanges: allowsChanges)
        folder = try existing ?? TrainingFolder(path)
        if choice.beginsFolder { try folder.checkIsFree() }
        folder.warning.map(tell)
        let log = try JSONLinesLogger(path, continuingAt: choice.beginsFolder ? nil : trainer.step)
        let training = settings.training
        loop = TrainingLoop(
            trainer, folder: path, store: store,
            schedule: .init(
                saveSteps: training.saveCheckpointSteps
                    ?? training.saveCheckpointEpochs * training.stepsPerEpoch(pictureCount: trainer.pictureCount),
                valSteps: training.valSteps, keepCheckpoints: settings.projectConfig.keepCheckpoints),
            loggers: [log] + loggers + [CurvesLogger(path)], isInterrupted: isInterrupted)
        for warning in settings.warnings(pictureCount: trainer.pictureCount) { tell("Warning: \(warning)") }
        tell(
            "\(trainer.pictureCount) pictures, \(trainer.totalSteps) updates of \(training.effectiveBatchSize) pictures each"
                + (training.processCount == 1 ? "" : " on \(training.processCount) processes")
        )
        if let checkpoint = choice.checkpoint { tell("going on after update \(checkpoint.step)") }
    }
}
