import ArgumentParser
import Foundation
import SyntheticScenes
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// `transeg train`: the one-step fine-tuning.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tunes a model to find glass.",
        discussion: """
            Settings are those of the original, by its names and with its values. They may be given in files (--config, see config init), in the \
            environment (TRANSEG_LR=2e-6) and as options, each before the one named first. The output folder gets checkpoint-<step> folders, whose \
            transformer/ diffusers loads, log.jsonl, and in the end model/, which segment and evaluate take. Ctrl-C finishes the update at \
            hand, saves and leaves.

              transeg train --base-model-path sd35/ --dataset-path Trans10K --output-dir run
              transeg train --base-model-path sd35/ --dataset-path Trans10K --output-dir run --resume-from-checkpoint latest
            """)

    @Option(help: ArgumentHelp("A YAML file of settings; of several the later ones come first.", valueName: "file"))
    var config: [String] = []

    @Flag(help: "Print each setting, its value and where it is from, and do nothing else.")
    var printConfig = false

    @Flag(help: "Print counts, schedule, memory and disk of the run, and do nothing else; no weights are loaded.")
    var dryRun = false

    @Option(
        help: ArgumentHelp("Draw the learning rate of each update as SVG, and do nothing else.", valueName: "file.svg"))
    var plotSchedule: String?

    @OptionGroup var options: TrainingOptions
    @OptionGroup var machine: TrainingMachineOptions

    @Option(help: ArgumentHelp("Where the run is kept.", valueName: "folder"))
    var outputDir: String

    @Option(
        help: ArgumentHelp(
            "Go on from a checkpoint of the output folder: its name, or latest for the newest whole one.",
            valueName: "name|latest"))
    var resumeFromCheckpoint: String?

    @Option(help: "Updates between checkpoints, instead of epochs.")
    var saveCheckpointSteps: Int?

    @Option(help: "Epochs between checkpoints.")
    var saveCheckpointEpochs = 1

    @Option(help: "Newest checkpoints that are kept, besides the best one.")
    var keepCheckpoints = 2

    @Option(help: "Updates between validations. (default: none)")
    var valSteps: Int?

    @Option(help: "Validation pictures that are looked at each time, from the first by name.")
    var numValsTrain = 16

    @Option(help: "Easy or hard validation pictures, or mix for all.")
    var valDifficulty = DifficultyChoice.mix

    @Flag(help: "Go on from a checkpoint although settings or training files have changed.")
    var allowChanges = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        _ = try options.checkedSettings()
        for (name, value) in [
            ("save-checkpoint-steps", saveCheckpointSteps), ("keep-checkpoints", keepCheckpoints),
            ("save-checkpoint-epochs", saveCheckpointEpochs),
            ("val-steps", valSteps),
            ("num-vals-train", numValsTrain),
        ] {
            if let value, value < 1 {
                throw ValidationError("--\(name) is \(value); a number from 1 on was expected.")
            }
        }
    }

    func run() async throws {
        if printConfig {
            let process = ProcessInfo.processInfo
            return print(try TrainingLayers(process.arguments, environment: process.environment).text())
        }
        let settings = options.settings
        if dryRun || plotSchedule != nil {
            let plan = try TrainingPlan(
                settings, dataset: settings.openDataset(), device: .usable(machine.device.device),
                recomputes: machine.recomputes,
                workerCount: machine.workerCount)
            if dryRun { print(plan.text) }
            try plotSchedule.map { try plan.plotSchedule(to: $0) }
            return
        }
        try await TrainingRun(self).run()
    }
}
