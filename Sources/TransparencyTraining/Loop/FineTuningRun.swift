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
    /// Held by the first process alone.
    private let folder: TrainingFolder?

    /// Loads everything; nothing is written before all of it is found to be sound.
    ///
    /// - Parameters:
    ///   - masks: Reads the masks, and says what is guessed.
    ///   - allowsChanges: Whether the checkpoint's run may have had other settings or files.
    ///   - ranks: As many processes as the settings say. The first of them alone looks at the folder, writes to it and tells of the run.
    ///   - loggers: Besides `log.jsonl`, `curves.svg` and the trackers of the settings.
    ///   - isInterrupted: Asked after each update; whether to save and leave.
    /// - Throws: ``TrainingError``, `DatasetError`, `WandbError`, and what loading a model throws.
    package init(
        _ settings: TrainingSettings, masks: MaskReader, allowsChanges: Bool, ranks: Ranks = Ranks(),
        loggers: [any ExperimentLogger],
        isInterrupted: @escaping @Sendable () -> Bool
    ) throws {
        let loggers = ranks.isFirst ? loggers : []
        func tell(_ message: String) { for logger in loggers { logger.log(message: message) } }
        try settings.checkResolution(for: ModelFolder(settings.model.baseModelPath))
        let trackers = try ranks.first { try Trackers(settings.projectConfig.tracker) }
        let path = settings.projectConfig.outputDir
        let store = FolderCheckpointStore(path)
        let isRestart = try ranks.hasBegun(path)
        // A run that was killed while it replaced a checkpoint has that under another name until the folder is mended.
        let existing = try ranks.first { isFolder(path) ? try TrainingFolder(path) : nil } ?? nil
        let choice = try CheckpointChoice(
            settings.training.resumeFromCheckpoint, isRestart: isRestart, in: store, ranks: ranks, tell: tell)
        try ranks.first { if choice.beginsFolder { try existing?.checkIsFree() } }
        let dataset = try settings.openDataset(masks: masks)
        try ranks.first { try settings.checkPictures(of: dataset) }
        let trainer = try Trainer(
            settings, dataset: dataset, checkpoint: choice.checkpoint, allowsChanges: allowsChanges, ranks: ranks)
        self.trainer = trainer
        let opened = try ranks.first {
            let folder = try existing ?? TrainingFolder(path)
            if choice.beginsFolder { try folder.checkIsFree() }
            let step = choice.beginsFolder ? nil : trainer.step
            let tracking = try trackers?.loggers(of: TrackedRun(settings, step: step, tell: tell)) ?? []
            // Before there is anything that processes which are started anew would take for another run.
            try ranks.noteBegun(path)
            return (folder: folder, log: try JSONLinesLogger(path, continuingAt: step), tracking: tracking)
        }
        folder = opened?.folder
        folder?.warning.map(tell)
        try ranks.requireShared(path)
        let training = settings.training
        loop = TrainingLoop(
            trainer, folder: path, store: store,
            schedule: .init(
                saveSteps: training.saveCheckpointSteps
                    ?? training.saveCheckpointEpochs * training.stepsPerEpoch(pictureCount: trainer.pictureCount),
                valSteps: training.valSteps, keepCheckpoints: settings.projectConfig.keepCheckpoints),
            loggers: opened.map { [$0.log] + loggers + [CurvesLogger(path)] + $0.tracking } ?? [], ranks: ranks,
            isInterrupted: isInterrupted)
        for warning in settings.warnings(pictureCount: trainer.pictureCount) { tell("Warning: \(warning)") }
        tell(
            "\(trainer.pictureCount) pictures, \(trainer.totalSteps) updates of \(training.effectiveBatchSize) pictures each"
                + (training.processCount == 1 ? "" : " on \(training.processCount) processes")
        )
        if let checkpoint = choice.checkpoint { tell("going on after update \(checkpoint.step)") }
    }
}
