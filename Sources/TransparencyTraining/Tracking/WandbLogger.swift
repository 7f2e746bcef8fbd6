import Files
import Foundation
import Images
import Torch
import Wandb

/// Curves, pictures and settings in Weights & Biases. Its run is gone on with when the training run is.
@ComputeActor
final class WandbLogger: ExperimentLogger {
    private let wandb: WandbRun
    private let run: TrackedRun
    private let begun: WandbRun.Begun
    private var isDead = false
    private var hasDropped = false

    /// The file in the run's folder that keeps the run's id.
    private static let idName = "wandb.json"
    private static let version = 1

    private struct Kept: Codable {
        let formatVersion: Int
        let id: String

        enum CodingKeys: String, CodingKey {
            case id
            case formatVersion = "format_version"
        }
    }

    /// Begins the run, or goes on with the one that the folder knows. Throws `WandbError`, `FileError`, ``TrainingError``.
    init(_ wandb: WandbRun, _ run: TrackedRun) throws {
        (self.wandb, self.run) = (wandb, run)
        let path = "\(run.folder)/\(Self.idName)"
        let id = try run.step.flatMap { _ in try Self.id(at: path) }
        begun = try wandb.begin(
            .init(
                id: id, name: (absolutePath(run.folder) as NSString).lastPathComponent,
                project: "transparency-segmentation", folder: absolutePath(run.folder), config: run.config))
        guard begun.mode != .disabled else { return }
        try AtomicFile.write(prettyJSON(Kept(formatVersion: Self.version, id: begun.id)), to: path)
        run.tell(
            begun.mode == .online
                ? "tracked by W&B at \(begun.url)"
                : "tracked by W&B in \(begun.folder); wandb sync \(begun.folder) sends it there")
    }

    /// nil where none can be read: then the run is a new one there.
    private static func id(at path: String) throws -> String? {
        guard let data = try? PlainFile.contents(of: path),
            let kept = try? JSONDecoder().decode(Kept.self, from: data)
        else { return nil }
        guard kept.formatVersion <= version else {
            throw TrainingError.laterFormat(path, version: kept.formatVersion)
        }
        return kept.id
    }

    func log(update: any TrainingRecord) { log(update) }

    func log(validation: any TrainingRecord) {
        log(validation)
        let pictures = ValidationStrip.all(in: validation.pictures).compactMap { strip in
            (try? strip.image.pngData()).map { (name: strip.name, png: $0) }
        }
        if !isDead, !pictures.isEmpty { note(wandb.log(pictures: pictures, step: validation.step)) }
    }

    private func log(_ record: any TrainingRecord) {
        tellNews()
        let values = CurveName.grouped(record.values(pictures: run.pictures))
        if !isDead, !values.isEmpty { note(wandb.log(values, step: record.step)) }
    }

    private func note(_ isTaken: Bool) {
        guard !isTaken, wandb.death == nil else { return }
        if !hasDropped {
            run.tell("Warning: wandb does not take what it is told in time; the run goes on, and \(whatIsLost)")
        }
        hasDropped = true
    }

    private var whatIsLost: String { "log.jsonl has what is missing there" }

    private func tellNews() {
        guard !isDead else { return }
        for warning in wandb.warnings() { run.tell("Warning: wandb: \(warning)") }
        wandb.death.map(tellDeath)
    }

    private func tellDeath(_ death: String) {
        isDead = true
        run.tell(
            "Warning: the helper process of wandb ended (\(death)); the run goes on without it, and \(whatIsLost)")
    }

    func end(_ ending: TrainingEnding) {
        tellNews()
        guard !isDead else { return }
        // Whoever asked to stop does not wait long.
        let patience: Double = ending == .interrupted ? 20 : 60
        if begun.mode == .online { run.tell("waiting for W&B to take what is left") }
        let leave = wandb.finish(WandbRun.Ending(ending), within: patience)
        for warning in wandb.warnings() { run.tell("Warning: wandb: \(warning)") }
        switch leave {
        case .finished: break
        case .died(let death): tellDeath(death)
        case .late:
            run.tell(
                "Warning: wandb did not finish within \(Int(patience)) s; wandb sync \(begun.folder) sends what is left"
            )
        }
    }
}

extension WandbRun.Ending {
    fileprivate init(_ ending: TrainingEnding) {
        self =
            switch ending {
            case .finished: .finished
            case .interrupted: .interrupted
            case .failed: .failed
            }
    }
}
