import ArgumentParser
import Foundation
import SegmentationMetrics
import StableDiffusion3
import Torch
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation

/// How an evaluation is made and where it goes: the options that commands share.
struct EvaluationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Compare at a square of this side in pixels, or at HEIGHTxWIDTH. Published numbers of the original are at 1024, of TransLab at 512. "
                + "(default: the size that the model was made for; each picture's own where masks are compared without a model)",
            valueName: "side"))
    var size: SizeChoice?

    @Option(help: "The soft value, 0 to 1, above which a pixel counts as transparent.")
    var threshold = 0.5

    @Option(
        help: ArgumentHelp("The folder for the results, new or empty.", valueName: "folder"), completion: .directory)
    var output = "transeg-evaluation"

    @Flag(help: "Continue an interrupted evaluation in the output folder; begin one where there is none.")
    var resume = false

    @Flag(
        inversion: .prefixedNo,
        help:
            "Write predictions, masks and photographs too; the report shows the worst and best. Without them a large data set takes less disk."
    )
    var pictures = true

    @Flag(
        help:
            "Show in the report what papers report, beneath the numbers of the same protocol, each with its data set: compare only what was measured on the same pictures."
    )
    var published = false

    @Flag(help: "Print metrics.json on standard output instead of a table.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        try check("threshold", threshold, 0...1)
        if output.isEmpty { throw ValidationError("--output is empty; name a folder") }
    }

    /// As the other function, with what a model takes.
    func checkSize(_ model: ModelFolder) throws {
        let limits = try model.inputLimits()
        try checkSize(unit: limits.unit, largest: limits.largest)
    }

    /// A size that no picture can have is the command line's fault. Throws `ValidationError`.
    func checkSize(unit: Int, largest: Int) throws {
        do {
            _ = try size?.size.dimensions(width: 1, height: 1, unit: unit, largest: largest)
        } catch let error as SegmentationError {
            throw ValidationError("\(error)")
        }
    }

    /// Makes an evaluation in the output folder and prints its progress and its numbers.
    ///
    /// - Parameters:
    ///   - facts: What the report says at its head.
    ///   - score: Scores everything and says after each picture how far it is.
    /// - Throws: What `score` throws, and `Interrupt.exitCode` when interrupted.
    func run(
        title: String, facts: [Report.Fact], data: DataState, ranks: Ranks = Ranks(),
        score: @escaping @Sendable (EvaluationRun, (EvaluationProgress) -> Void) async throws -> Metrics
    ) async throws {
        var run = EvaluationRun(
            in: output, resume: resume, writesPictures: pictures, title: title, facts: facts, data: data)
        (run.ranks, run.showsPublished) = (ranks, published)
        let quiet = quiet || !ranks.isFirst
        let wasFinished = resume && run.isFinished
        let metrics = try await Interrupt.cancelling(quiet: !ranks.isFirst) { [run] in
            var bar: Progress?
            var hasScored = false
            defer { bar?.end() }
            do {
                return try await score(run) { progress in
                    if bar == nil {
                        progress.warning.map(StandardStream.tell)
                        bar = Progress(total: progress.totalCount, quiet: quiet, verb: "scored")
                    }
                    guard progress.doneCount > 0 else { return }
                    hasScored = true
                    let means = String(
                        format: "IoU %.4f, recall %.4f, MSE %.4f", progress.iou, progress.recall, progress.mse)
                    bar?.advance(to: progress.doneCount, note: means)
                }
            } catch is CancellationError {
                bar?.end()
                if ranks.isFirst { StandardStream.tell("interrupted; continue with --resume") }
                throw Interrupt.exitCode
            } catch {
                bar?.end()
                if hasScored, run.canContinue { StandardStream.tell("what was scored is kept; continue with --resume") }
                throw error
            }
        }
        guard ranks.isFirst else { return }
        // Told to those too who asked for errors only: nothing was done.
        if wasFinished { StandardStream.tell("the evaluation in \(output) was finished already") }
        if json {
            try StandardStream.output.write(metrics.jsonData())
        } else if !quiet {
            try print(MetricsTable.text(metrics))
            let count = metrics.protocols[.original]?.images ?? 0
            try print("\(count) pictures scored, results in \(output): metrics.json, per_image.csv, report.html")
        }
    }
}
