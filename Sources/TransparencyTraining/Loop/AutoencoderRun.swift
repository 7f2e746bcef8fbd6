import Files
import Foundation
package import Torch
package import TransparencyData

/// A VAE's training, ready to begin or to go on: the trainer, its folder and checkpoints, the loop.
@ComputeActor
package struct AutoencoderRun {
    package let trainer: AutoencoderTrainer
    private let folder: TrainingFolder
    private let store: FolderCheckpointStore
    private let loop: TrainingLoop<AutoencoderTrainer>

    /// - Parameters:
    ///   - path: The folder to make, or that of a run that was not finished.
    ///   - resume: A checkpoint's name in the folder, or `latest` for the newest whole one; nil for a new run.
    ///   - saveSteps: Updates between checkpoints.
    ///   - loggers: Besides `log.jsonl`.
    /// - Throws: ``TrainingError``, `FileError`, and what ``AutoencoderTrainer`` throws.
    package init(
        _ settings: AutoencoderTrainer.Settings, dataset: Dataset, in path: String, resume: String?, saveSteps: Int,
        device: Device, workerCount: Int, loggers: [any ExperimentLogger],
        isInterrupted: @escaping @Sendable () -> Bool
    ) throws {
        func tell(_ message: String) { for logger in loggers { logger.log(message: message) } }
        // A run that was killed while it replaced a checkpoint has that under another name until the folder is mended.
        let existing = isFolder(path) ? try TrainingFolder(path) : nil
        let store = FolderCheckpointStore(path)
        self.store = store
        let checkpoint = try resume.flatMap { try Self.checkpoint($0, in: store, tell: tell) }
        if checkpoint == nil {
            try AutoencoderTrainer.checkIsFree(path)
            if resume != nil { tell("Warning: \(path) has no checkpoint; beginning anew") }
        }
        trainer = try AutoencoderTrainer(settings, dataset: dataset, device: device, workerCount: workerCount)
        if let checkpoint {
            try trainer.load(store, step: checkpoint)
            tell("going on after update \(checkpoint)")
        }
        folder = try existing ?? TrainingFolder(path)
        folder.warning.map(tell)
        loop = TrainingLoop(
            trainer, folder: path, store: store, schedule: .init(saveSteps: saveSteps, keepCheckpoints: 1),
            loggers: [try JSONLinesLogger(path, continuingAt: checkpoint)] + loggers, isInterrupted: isInterrupted)
    }

    /// Does the updates that are left and writes the VAE; a finished run has no checkpoints, for a VAE's folder is what other programs load.
    ///
    /// - Throws: As ``TrainingLoop/run()``.
    package func run() async throws -> TrainingLoop<AutoencoderTrainer>.Outcome {
        let outcome = try await loop.run()
        switch outcome {
        case .finished: for step in store.steps { try store.remove(step) }
        case .interrupted: try await trainer.write(to: folder.path)
        }
        return outcome
    }

    private static func checkpoint(
        _ name: String, in store: FolderCheckpointStore, tell: (String) -> Void
    ) throws -> Int? {
        guard name == "latest" else {
            guard let step = FolderCheckpointStore.step(ofName: name), store.steps.contains(step) else {
                throw TrainingError.noCheckpoint("\(store.folder)/\(name)")
            }
            return step
        }
        var damage: TrainingError?
        for step in store.steps {
            do {
                try store.verify(step, ranks: Ranks())
                return step
            } catch let error as TrainingError {
                tell("Warning: \(error); trying the one before")
                damage = damage ?? error
            }
        }
        if let damage { throw TrainingError.noWholeCheckpoint(store.folder, reason: "\(damage)") }
        return nil
    }
}
