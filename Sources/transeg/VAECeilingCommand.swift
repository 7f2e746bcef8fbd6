import ArgumentParser
import SyntheticScenes
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// `transeg vae-ceiling`: how well the VAE alone keeps masks.
struct VAECeilingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vae-ceiling",
        abstract: "Scores what the VAE gives back of the true masks: the bound of the method.",
        discussion: """
            The model predicts a mask's latent, and the VAE decodes it; no transformer can make up for what the VAE loses. Each true mask \
            is encoded and decoded, and scored as evaluate scores predictions.

              transeg vae-ceiling --dataset Trans10K --split validation --model sd35-glass/ --size 1024
            """)

    @Option(help: ArgumentHelp("The data set's folder.", valueName: "folder"))
    var dataset: String

    @OptionGroup var datasetOptions: DatasetOptions
    @OptionGroup var modelOptions: ModelOptions

    @Option(help: "Masks in one pass.")
    var batch = 1

    @OptionGroup var options: EvaluationOptions

    func validate() throws {
        guard (1...1024).contains(batch) else {
            throw ValidationError("--batch is \(batch); a number from 1 to 1024 was expected.")
        }
    }

    func run() async throws {
        try await ModelEvaluation(
            datasetOptions: datasetOptions, modelOptions: modelOptions, options: options, root: dataset, batch: batch,
            subject: .autoencoder, countsNative: false
        ).run()
    }
}
