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

    @Option(help: ArgumentHelp("The data set's folder; its training pictures are used.", valueName: "folder"))
    var datasetPath: String

    @Option(help: ArgumentHelp("A repair plan to apply, as dataset audit --repair makes it.", valueName: "plan.json"))
    var plan: String?

    @Option(
        help: ArgumentHelp(
            "The folder to make, new or empty, or one in which a VAE was left unfinished.", valueName: "folder"))
    var outputDir: String

    @Option(help: ArgumentHelp("Channels of each resolution, with commas between.", valueName: "list"))
    var channels = "16,32,64,64"

    @Option(help: "Residual blocks of each resolution.")
    var layersPerBlock = 1

    @Option(help: "Groups of the norms, which divide all channels.")
    var normGroups = 8

    @Option(help: "Channels of the latent.")
    var latentChannels = 16

    @Option(help: "The side of the square that pictures are brought to.")
    var resolution = 128

    @Option(help: "Updates.")
    var steps = 4000

    @Option(help: "Pictures of an update, and as many masks.")
    var batchSize = 8

    @Option(help: "The learning rate after warming up.")
    var lr = 1e-3

    @Option(help: "The weight of the divergence from the standard normal distribution.")
    var divergenceWeight = 1e-4

    @Option(
        help:
            "The weight of masks that are guessed linearly from the pictures' latents: makes latents tell what is transparent."
    )
    var maskWeight = 0.0

    @Option(
        help: "Pictures of an update whose masks are guessed, those of --batch-size among them. (default: --batch-size)"
    )
    var maskBatchSize: Int?

    @Option(help: ArgumentHelp("A VAE to go on from, whose shape is kept.", valueName: "folder"))
    var vae: String?

    @Option(help: "Another seed gives other weights, order and draws.")
    var seed: UInt64 = 0

    @Option(help: "Where to compute.")
    var device = DeviceChoice.auto

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
        let workers = ProcessInfo.processInfo.activeProcessorCount
        let trainer: AutoencoderTrainer
        do {
            trainer = try await AutoencoderTrainer(
                made,
                dataset: Dataset(datasetPath, plan: plan.map { try RepairPlan(contentsOf: $0) }, masks: .telling()),
                device: .usable(device.device), workerCount: workers)
        } catch { throw usageError(error) }
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
        if !quiet { print(outputDir) }
    }
}
