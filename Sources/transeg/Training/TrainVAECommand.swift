import ArgumentParser
import Foundation
import Limits
import Torch
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// `transeg train-vae`: a small VAE from nothing.
struct TrainVAECommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-vae",
        abstract: "Trains a small VAE from nothing to reconstruct pictures and masks.",
        discussion: """
            For models of one's own; Stable Diffusion's VAE needs no training. Writes config.json and weights in diffusers' layout and \
            log.jsonl. init makes a model around it.

              transeg train-vae --dataset-path scenes/ --output-dir vae --steps 4000
              transeg init model --vae vae --resolution 128
            """)

    @Option(
        help: ArgumentHelp("The data set's folder; its training pictures are used.", valueName: "folder"),
        completion: .directory)
    var datasetPath: String

    @Option(
        help: ArgumentHelp("A repair plan to apply, as dataset audit --repair makes it.", valueName: "plan.json"),
        completion: .file(extensions: ["json"]))
    var plan: String?

    @Option(
        help: ArgumentHelp(
            "The folder to make, new or empty; one that holds an unfinished run needs --resume-from-checkpoint.",
            valueName: "folder"),
        completion: .directory)
    var outputDir: String

    @Option(
        help: ArgumentHelp(
            "Channels at each resolution, finest first, with commas between; each further one halves the latent's sides.",
            valueName: "list"))
    var channels = "16,32,64,64"

    @Option(help: ArgumentHelp("Residual blocks at each resolution.", valueName: "count"))
    var layersPerBlock = 1

    @Option(help: ArgumentHelp("Groups of the norms; must divide each number of channels.", valueName: "count"))
    var normGroups = 8

    @Option(help: ArgumentHelp("Channels of the latent: more keep more detail.", valueName: "count"))
    var latentChannels = 16

    @Option(help: ArgumentHelp("The side in pixels of the square that pictures are resized to.", valueName: "pixels"))
    var resolution = 128

    @Option(help: ArgumentHelp("Updates in all.", valueName: "count"))
    var steps = 4000

    @Option(help: ArgumentHelp("Pictures of an update, and as many masks.", valueName: "count"))
    var batchSize = 8

    @Option(help: ArgumentHelp("The learning rate after the warm-up.", valueName: "rate"))
    var lr = 1e-3

    @Option(
        help: ArgumentHelp(
            "The weight in the loss of the latent's divergence from the standard normal distribution.",
            valueName: "weight"))
    var divergenceWeight = 1e-4

    @Option(
        help: ArgumentHelp(
            "The weight in the loss of masks that are guessed linearly from the pictures' latents. Above 0, latents learn to tell what is "
                + "transparent.", valueName: "weight")
    )
    var maskWeight = 0.0

    @Option(
        help: ArgumentHelp(
            "With --mask-weight, pictures of an update whose masks are guessed, those of --batch-size among them. (default: --batch-size)",
            valueName: "count")
    )
    var maskBatchSize: Int?

    @Option(
        help: ArgumentHelp("A VAE to go on from, whose shape is kept. (default: fresh weights)", valueName: "folder"),
        completion: .directory)
    var vae: String?

    @Option(help: ArgumentHelp("Another seed gives other weights, order and draws.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp(
            "Go on from a checkpoint in the output folder: its name, or latest for the newest whole one. (default: a new run)",
            valueName: "name"))
    var resumeFromCheckpoint: String?

    @Option(help: ArgumentHelp("Updates between checkpoints, which a finished run removes.", valueName: "count"))
    var saveCheckpointSteps = 500

    @Option(help: "Where to compute. auto takes an accelerator where there is one; cuda:1 is the second.")
    var device = DeviceChoice.auto

    @OptionGroup var threads: ThreadOptions

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws { try check("save-checkpoint-steps", saveCheckpointSteps, NumberBounds.updates) }

    func run() async throws {
        var settings = AutoencoderTrainer.Settings()
        settings.channels = try channels.split(separator: ",").map { text in
            guard let count = Int(text) else {
                throw ValidationError("--channels is \(channels); numbers with commas between were expected")
            }
            return count
        }
        (settings.layersPerBlock, settings.normGroups) = (layersPerBlock, normGroups)
        (settings.latentChannels, settings.resolution) = (latentChannels, resolution)
        (settings.steps, settings.batchSize, settings.lr) = (steps, batchSize, lr)
        (settings.divergenceWeight, settings.maskWeight) = (divergenceWeight, maskWeight)
        (settings.maskBatchSize, settings.base, settings.seed) = (maskBatchSize, vae, seed)
        let (made, path, resume, saveSteps) = (settings, outputDir, resumeFromCheckpoint, saveCheckpointSteps)
        if resume == nil { try AutoencoderTrainer.checkIsFree(path) }
        try await threads.apply()
        let dataset = try Dataset(datasetPath, plan: plan.map { try RepairPlan(contentsOf: $0) }, masks: .telling())
        let interrupt = Interrupt()
        defer { interrupt.restore() }
        let progress = await ProgressLogger(total: steps, quiet: quiet)
        let run = try await AutoencoderRun(
            made, dataset: dataset, in: path, resume: resume, saveSteps: saveSteps, device: .usable(device.device),
            workerCount: threads.count, loggers: [progress], isInterrupted: { interrupt.isRequested })
        await progress.begin(at: run.trainer.step, total: steps)
        guard try await run.run() == .finished else {
            await progress.log(
                message:
                    "stopped early; continue with --resume-from-checkpoint latest; the VAE so far is in \(path) too")
            throw Interrupt.exitCode
        }
        if !quiet { try print(outputDir) }
    }
}
