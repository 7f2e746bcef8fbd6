import ArgumentParser
import Foundation
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
            "The folder to make, new or empty, or one in which a VAE was left unfinished.", valueName: "folder"),
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

    @Option(help: "Where to compute. auto takes an accelerator where there is one; cuda:1 is the second.")
    var device = DeviceChoice.auto

    @OptionGroup var threads: ThreadOptions

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

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
        let (made, path) = (settings, outputDir)
        guard AutoencoderTrainer.isFree(path) else {
            throw ValidationError(
                "--output-dir: \(path) has files in it, and nothing is overwritten; name another folder")
        }
        try await threads.apply()
        let dataset = try Dataset(datasetPath, plan: plan.map { try RepairPlan(contentsOf: $0) }, masks: .telling())
        let trainer = try await AutoencoderTrainer(
            made, dataset: dataset, device: .usable(device.device), workerCount: threads.count)
        let interrupt = Interrupt()
        defer { interrupt.restore() }
        let folder = try TrainingFolder(path)
        let progress = await ProgressLogger(total: steps, quiet: quiet)
        if let warning = folder.warning { await progress.log(message: warning) }
        let loop = try await TrainingLoop(
            trainer, folder: folder.path, store: nil, schedule: .init(),
            loggers: [JSONLinesLogger(path, continuingAt: nil), progress], isInterrupted: { interrupt.isRequested })
        guard try await loop.run() == .finished else {
            await progress.log(
                message:
                    "stopped early; what was learnt so far is in \(path), --vae \(path) goes on from it in another folder"
            )
            throw Interrupt.exitCode
        }
        if !quiet { try print(outputDir) }
    }
}
