import Torch
import Wandb

/// The trackers that a run was asked for.
@ComputeActor
struct Trackers {
    private let names: [TrainingSettings.Tracker]
    private let wandb: WandbRun?

    /// Looks whether they can be had, before anything that takes long. Throws `WandbError`.
    init(_ names: [TrainingSettings.Tracker]) throws {
        self.names = names
        wandb = names.contains(.wandb) ? try WandbRun() : nil
    }

    /// Begins to track. Throws `WandbError`, `FileError`, ``TrainingError``.
    func loggers(of run: TrackedRun) throws -> [any ExperimentLogger] {
        // What may be refused comes before what leaves something behind.
        var loggers: [any ExperimentLogger] = []
        func add(_ name: TrainingSettings.Tracker, _ make: () throws -> any ExperimentLogger) rethrows {
            guard names.contains(name) else { return }
            loggers.append(ToleratedLogger(name, try make(), tell: run.tell))
        }
        if names.contains(.csv) { try CSVLogger.check(run.folder) }
        try wandb.map { wandb in try add(.wandb) { try WandbLogger(wandb, run) } }
        try add(.csv) { try CSVLogger(run) }
        try add(.tensorboard) { try TensorBoardLogger(run) }
        return loggers
    }
}
