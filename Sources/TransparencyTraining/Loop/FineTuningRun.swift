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
    ///   - loggers: Besides `log.jsonl` and `curves.svg`.
    ///   - isInterrupted: Asked after each update; whether to save and leave.
    /// - Throws: ``TrainingError``, `DatasetError`, and what loading a model throws.
    package init(
        _ settings: TrainingSettings, masks: MaskReader, allowsChanges: Bool, ranks: Ranks = Ranks(),
        loggers: [any ExperimentLogger],
        isInterrupted: @escaping @Sendable () -> Bool
    ) throws {
        let loggers = ranks.isFirst ? loggers : []
        func tell(_ message: String) { for logger in loggers { logger.log(message: message) } }
        try settings.checkResolution(for: ModelFolder(settings.model.baseModelPath))
        let path = settings.projectConfig.outputDir
        let store = FolderCheckpointStore(path)
        let isRestart = try ranks.hasBegun(path)
        // A run that was killed while it replaced a checkpoint has that under another name until the folder is mended.
        let first = try ranks.first {
            let existing = isFolder(path) ? try TrainingFolder(path) : nil
            let choice = try CheckpointChoice(
                settings.training.resumeFromCheckpoint, isRestart: isRestart, in: store, tell: tell)
            if choice.beginsFolder { try existing?.checkIsFree() }
            return (folder: existing, choice: choice)
        }
        let checkpoint = try ranks.same(first?.choice.checkpoint)
        let dataset = try settings.openDataset(masks: masks)
        try ranks.first { try settings.checkPictures(of: dataset) }
        let trainer = try Trainer(
            settings, dataset: dataset, checkpoint: checkpoint, allowsChanges: allowsChanges, ranks: ranks)
        self.trainer = trainer
        let opened = try ranks.first {
            let beginsFolder = first?.choice.beginsFolder ?? true
            let folder = try first?.folder ?? TrainingFolder(path)
            if beginsFolder { try folder.checkIsFree() }
            return (
                folder: folder, log: try JSONLinesLogger(path, continuingAt: beginsFolder ? nil : trainer.step)
            )
        }
        folder = opened?.folder
        folder?.warning.map(tell)
        try ranks.noteBegun(path)
        let training = settings.training
        loop = TrainingLoop(
            trainer, folder: path, store: store,
            schedule: .init(
                saveSteps: training.saveCheckpointSteps
                    ?? training.saveCheckpointEpochs * training.stepsPerEpoch(pictureCount: trainer.pictureCount),
                valSteps: training.valSteps, keepCheckpoints: settings.projectConfig.keepCheckpoints),
            loggers: opened.map { [$0.log] + loggers + [CurvesLogger(path)] } ?? [], ranks: ranks,
            isInterrupted: isInterrupted)
        for warning in settings.warnings(pictureCount: trainer.pictureCount) { tell("Warning: \(warning)") }
        tell(
            "\(trainer.pictureCount) pictures, \(trainer.totalSteps) updates of \(training.effectiveBatchSize) pictures each"
                + (training.processCount == 1 ? "" : " on \(training.processCount) processes")
        )
        if let checkpoint { tell("going on after update \(checkpoint.step)") }
    }
}

/// What `resume_from_checkpoint` comes to.
private struct CheckpointChoice {
    /// nil for a run from the beginning.
    let checkpoint: TrainingCheckpoint?
    /// Whether the output folder must have no run in it: the run is new, or goes on from a checkpoint that is elsewhere.
    let beginsFolder: Bool

    /// A named one must be whole, of latest the newest that is. A launch that starts its processes anew goes on from the latest of its own, and
    /// from what it began with where there is none. Throws ``TrainingError``.
    init(_ asked: String?, isRestart: Bool, in store: FolderCheckpointStore, tell: (String) -> Void) throws {
        let name = isRestart && (asked == nil || !store.steps.isEmpty) ? "latest" : asked
        guard let name else {
            (checkpoint, beginsFolder) = (nil, true)
            return
        }
        guard name == "latest" else {
            let named = try Self.named(name, in: store)
            try named.verify()
            let folder = (named.path as NSString).deletingLastPathComponent
            (checkpoint, beginsFolder) = (named, realPath(folder) != realPath(store.folder) && !isRestart)
            return
        }
        var damage: [TrainingError] = []
        let latest = try store.latest { step in
            try TrainingCheckpoint(store, step: step).verify()
        } whereDamaged: {
            damage.append($0)
        }
        if latest == nil, let first = damage.first {
            throw TrainingError.noWholeCheckpoint(store.folder, reason: "\(first)")
        }
        for error in damage { tell("Warning: \(error); trying the one before") }
        if latest == nil { tell("Warning: \(store.folder) has no checkpoint; beginning anew") }
        (checkpoint, beginsFolder) = (latest.map { TrainingCheckpoint(store, step: $0) }, false)
    }

    /// By its name in the output folder, or by its path.
    private static func named(_ name: String, in store: FolderCheckpointStore) throws -> TrainingCheckpoint {
        let own = "\(store.folder)/\(name)"
        if !name.hasPrefix("/"), isFolder(own) { return try TrainingCheckpoint(own) }
        return try TrainingCheckpoint(isFolder(name) || name.hasPrefix("/") ? name : own)
    }
}
