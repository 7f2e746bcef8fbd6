import ArgumentParser
import Foundation
import SegmentationMetrics
import SyntheticScenes
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// A training run as the command line asks for it: updates, checkpoints, validations and what is told of them.
final class TrainingRun {
    private let command: TrainCommand
    private let dataset: Dataset
    private let trainer: Trainer
    private let folder: TrainingFolder
    private let saveSteps: Int
    private let validation: [DatasetPair]
    private let interrupt = Interrupt()
    private var progress: Progress

    /// Loads everything; nothing is written before all of it is found to be sound.
    init(_ command: TrainCommand) throws {
        let settings = command.options.settings
        dataset = try settings.openDataset()
        validation =
            command.valSteps == nil
            ? []
            : Array(
                try dataset.pairs(.validation, difficulty: command.valDifficulty.difficulty).prefix(
                    command.numValsTrain))
        let checkpoint = try Self.checkpoint(command)
        trainer = try command.machine.makeTrainer(
            settings, dataset, checkpoint: checkpoint, allowsChanges: command.allowChanges)
        let pictureCount = try dataset.pairs(.train).count
        saveSteps =
            command.saveCheckpointSteps
            ?? command.saveCheckpointEpochs * settings.stepsPerEpoch(pictureCount: pictureCount)
        folder = try TrainingFolder(
            command.outputDir, continuingAt: checkpoint?.step ?? (command.resumeFromCheckpoint == nil ? nil : 0))
        progress = Progress(total: trainer.totalSteps - trainer.state.step, quiet: command.quiet, verb: "updates")
        self.command = command
        tell("\(pictureCount) pictures, \(trainer.totalSteps) updates of \(settings.effectiveBatchSize) pictures each")
        if let checkpoint { tell("going on after update \(checkpoint.step)") }
    }

    /// The checkpoint to go on from: a named one must be whole, of latest the newest that is.
    private static func checkpoint(_ command: TrainCommand) throws -> TrainingCheckpoint? {
        guard let name = command.resumeFromCheckpoint else { return nil }
        guard name == "latest" else {
            let checkpoint = try TrainingCheckpoint("\(command.outputDir)/\(name)")
            try checkpoint.verify()
            return checkpoint
        }
        for checkpoint in TrainingCheckpoint.all(in: command.outputDir) {
            do {
                try checkpoint.verify()
                return checkpoint
            } catch let error as TrainingError {
                StandardStream.tell("Warning: \(error); trying the one before\n")
            }
        }
        StandardStream.tell("\(command.outputDir) has no whole checkpoint: beginning anew\n")
        return nil
    }

    private func tell(_ text: String) {
        if !command.quiet { progress.message(text) }
    }

    func run() async throws {
        defer { interrupt.restore() }
        let (first, start) = (trainer.state.step, ContinuousClock.now)
        while !trainer.isFinished {
            let update: TrainingUpdate
            do {
                update = try await trainer.update()
            } catch let error as TrainingError {
                try save()
                throw error
            }
            try folder.append(update)
            if update.skipped { tell("update \(update.step) was skipped: its loss or gradient is not a number") }
            if let valSteps = command.valSteps, update.step % valSteps == 0 || trainer.isFinished {
                try await validate()
            }
            let isDue = update.step % saveSteps == 0 || trainer.isFinished || trainer.state.best?.step == update.step
            if isDue || interrupt.isRequested { try save() }
            progress.advance(
                to: update.step - first,
                note: String(format: "loss %.4f, lr %.2e, norm %.3f", update.loss, update.lr, update.gradNorm))
            if interrupt.isRequested, !trainer.isFinished {
                try folder.writeCurves()
                progress.end()
                progress.message("stopped after update \(update.step); continue with --resume-from-checkpoint latest")
                throw ExitCode(130)
            }
        }
        progress.end()
        // What was written last is the model; it is there already where the run was over before.
        try folder.writeModel(of: save())
        try folder.writeCurves()
        guard !command.quiet else { return }
        let seconds = (ContinuousClock.now - start).seconds
        print(
            "\(trainer.totalSteps) updates done, model in \(command.outputDir)/model, curves in \(command.outputDir)/curves.svg"
        )
        if trainer.state.step > first {
            print(String(format: "%.3f s an update", seconds / Double(trainer.state.step - first)))
        }
        if let best = trainer.state.best {
            print(String(format: "best validation IoU %.4f after update %d", best.iou, best.step))
        }
    }

    @discardableResult
    private func save() throws -> TrainingCheckpoint {
        let checkpoint = try TrainingCheckpoint.write(trainer, to: folder.path)
        try folder.prune(keeping: command.keepCheckpoints, best: trainer.state.best?.step)
        return checkpoint
    }

    /// A line of the log.
    private struct Validation: Encodable {
        let step: Int
        let valIoU: Double
        let valRecall: Double?
        let valMSE: Double
        let images: Int

        enum CodingKeys: String, CodingKey {
            case step, images
            case valIoU = "val_iou"
            case valRecall = "val_recall"
            case valMSE = "val_mse"
        }
    }

    /// Scores the validation pictures with the weights as they are; their pictures go to `validation/<step>/`.
    private func validate() async throws {
        let side = trainer.state.settings.resolution
        let pictures = "\(folder.path)/validation/\(trainer.state.step)"
        let metrics = try await trainer.withSegmenter { [validation, dataset] segmenter in
            try Evaluator.validate(segmenter, on: validation, of: dataset, size: .square(side)) { scored in
                try EvaluationFolder.writePictures(of: scored, in: pictures)
            }
        }
        let scores = metrics.protocols[.original]
        let iou = scores?[.iou] ?? 0
        try folder.append(
            Validation(
                step: trainer.state.step, valIoU: iou, valRecall: scores?[.recall], valMSE: scores?[.mse] ?? 0,
                images: validation.count))
        let isBest = trainer.note(iou: iou)
        tell(
            String(
                format: "update %d: validation IoU %.4f%@", trainer.state.step, iou, isBest ? ", the best so far" : ""))
    }
}
