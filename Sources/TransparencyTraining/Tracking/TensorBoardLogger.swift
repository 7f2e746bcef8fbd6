import Images
import TensorBoard
import Torch

/// Curves, pictures, settings and hyperparameters in event files in the run's folder.
@ComputeActor
final class TensorBoardLogger: ExperimentLogger {
    private let run: TrackedRun
    private let file: EventFile
    private var step: Int

    /// Begins a file; what earlier ones have after the run's step no longer holds. Throws `FileError`.
    init(_ run: TrackedRun) throws {
        self.run = run
        step = run.step ?? 0
        file = try EventFile(in: run.folder, firstStep: run.step.map { $0 + 1 } ?? 0)
        let parameters = run.hyperParameters
        try file.append(
            [
                .text("settings", run.markdown),
                HyperParameters.experiment(parameters, metrics: CurveName.metrics),
                HyperParameters.sessionStart(parameters),
            ], step: step)
    }

    func log(update: any TrainingRecord) throws {
        step = update.step
        try append(update)
    }

    func log(validation: any TrainingRecord) throws {
        try append(validation)
        for strip in ValidationStrip.all(in: validation.pictures) {
            let picture = Summary.image(
                "validation/\(strip.name)", png: try strip.image.pngData(), width: strip.image.width,
                height: strip.image.height)
            // One by one: a record is held in memory as a whole.
            try file.append([picture], step: validation.step)
        }
    }

    private func append(_ record: any TrainingRecord) throws {
        let values = CurveName.grouped(record.values(pictures: run.pictures))
        guard !values.isEmpty else { return }
        try file.append(values.map { .scalar($0.name, $0.value) }, step: record.step)
    }

    func end(_ ending: TrainingEnding) throws {
        let status: HyperParameters.Status =
            switch ending {
            case .finished: .success
            case .failed: .failure
            case .interrupted: .unknown
            }
        try EventFile.writeEnding(status, step: step, in: run.folder)
    }
}
