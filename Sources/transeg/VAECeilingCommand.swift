import ArgumentParser
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation

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

    @Option(
        name: .customLong("dataset"), help: ArgumentHelp("The data set's folder.", valueName: "folder"),
        completion: .directory)
    var root: String

    @OptionGroup var datasetOptions: DatasetOptions<TestSplit>
    @OptionGroup var modelOptions: ModelOptions

    @OptionGroup var batchOptions: BatchOptions

    @OptionGroup var options: EvaluationOptions

    func run() async throws {
        let dataset = try datasetOptions.open(root)
        let pairs = try datasetOptions.pairs(of: dataset)
        try options.checkSize(modelOptions.findModel())
        let data = try datasetOptions.state(of: dataset, pairs)
        let segmenter = try await modelOptions.makeSegmenter(quiet: options.quiet, head: .latent)
        let evaluator = try Evaluator(
            autoencoderOf: segmenter, size: options.size?.size, threshold: options.threshold)
        let facts = datasetOptions.facts(root, model: modelOptions, segmenter)
        let title = "What the VAE alone gives back of the masks"
        try await options.run(title: title, facts: facts, data: data) { [batchOptions] run, progress in
            try await run.score(pairs, of: dataset, by: evaluator, batch: batchOptions.batch, progress: progress)
        }
    }
}
