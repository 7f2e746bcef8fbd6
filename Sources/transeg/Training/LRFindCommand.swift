import ArgumentParser
import Foundation
import SyntheticScenes
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// `transeg lr-find`: the learning rate range test.
struct LRFindCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lr-find",
        abstract: "Tries learning rates and proposes one.",
        discussion: """
            The rate grows from update to update until the loss leaves all bounds. The curve is written as SVG and CSV, and the rate at which the \
            loss falls most steeply is proposed. Takes the settings of train, from files and the environment too; nothing is kept of the \
            weights.

              transeg lr-find --base-model-path sd35/ --dataset-path Trans10K
            """)

    @OptionGroup var options: SettingOptions<UpdateSettings>

    @Option(help: ArgumentHelp("Updates of the test, at least 12. More give a smoother curve.", valueName: "count"))
    var steps = 100

    @Option(help: ArgumentHelp("The rate of the first update.", valueName: "rate"))
    var minLr = 1e-8

    @Option(
        help: ArgumentHelp("The rate of the last update, unless the loss leaves all bounds before.", valueName: "rate"))
    var maxLr = 1.0

    @Option(help: ArgumentHelp("Where the curve goes: PATH.svg and PATH.csv.", valueName: "path"), completion: .file())
    var output = "lr-find"

    @Flag(name: .shortAndLong, help: "Print the proposed rate only.")
    var quiet = false

    func validate() throws {
        try check("steps", steps, 12...1_000_000)
        try check("min-lr", minLr, 1e-30...1000)
        try check("max-lr", maxLr, 1e-30...1000)
        guard maxLr > minLr else {
            throw ValidationError("--min-lr is \(minLr) and --max-lr \(maxLr); 0 < min-lr < max-lr was expected")
        }
    }

    func run() async throws {
        let settings = try options.settings(quiet: quiet)
        if output.isEmpty { throw ValidationError("--output is empty; name a file without suffix") }
        for suffix in ["svg", "csv"] {
            try checkOutput("--output", "\(output).\(suffix)", suffixes: [suffix], inputs: settings.inputs)
        }
        let dataset = try settings.openDataset(masks: .telling())
        try settings.checkPictures(of: dataset)
        let trainer = try await Trainer(settings, dataset: dataset)
        if !quiet { await trainer.base.tellNotes() }
        for warning in settings.warnings(pictureCount: trainer.pictureCount) {
            StandardStream.tell("Warning: \(warning)")
        }
        var range = LearningRateRange()
        let progress = Progress(total: steps, quiet: quiet, verb: "updates")
        defer { progress.end() }
        let interrupt = Interrupt()
        defer { interrupt.restore() }
        for rate in LearningRateRange.rates(from: minLr, to: maxLr, count: steps) {
            let update = try await trainer.update(rate: rate, skipLimit: .max)
            if range.add(rate: rate, loss: update.loss, gradNorm: update.gradNorm) || interrupt.isRequested { break }
            progress.advance(to: update.step, note: String(format: "lr %.2e, loss %.4f", rate, update.loss))
        }
        progress.end()
        try range.write(to: output)
        if !quiet { try print("\(range.points.count) updates, the curve is in \(output).svg and \(output).csv") }
        if interrupt.isRequested { throw Interrupt.exitCode }
        guard let rate = range.suggestion else {
            throw TrainingError.flatLoss(from: minLr, to: maxLr)
        }
        let (isScaled, pictures) = (settings.learningRateScheduler.scaleLr, settings.training.effectiveBatchSize)
        let given = isScaled ? rate / Double(pictures) : rate
        try print(
            String(format: "--lr %.2g", given)
                + (isScaled
                    ? String(format: ", which is %.2g after scaling by %d pictures", rate, pictures)
                    : ""))
    }
}
