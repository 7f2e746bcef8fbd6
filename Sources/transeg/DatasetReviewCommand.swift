import ArgumentParser
import Foundation
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation

/// `transeg dataset review`: masks that a model doubts.
struct DatasetReviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Finds masks that a model doubts, the most suspicious first.",
        discussion: """
            Suspicion is from 0 to 1: how much of what the model is sure of the mask contradicts. A model that was trained on a mask doubts it \
            less, so take one that has not seen these pictures. The plan that --repair writes is meant to be looked through beside the \
            sheet; every command that reads a data set applies it with --plan. The data set's own files are never changed.

              transeg dataset review Trans10K --model sd35-glass/ --split train --sheet doubts.html --repair plan.json
            """)

    @Argument(help: ArgumentHelp("The data set's folder.", valueName: "folder"), completion: .directory)
    var root: String

    @OptionGroup var layout: DatasetLayoutOptions<AllSplits>
    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var prediction: PredictionOptions

    @Option(
        help: ArgumentHelp(
            "Compare at a square of this side in pixels, or at HEIGHTxWIDTH. (default: the size that the model was made for)",
            valueName: "side"))
    var size: SizeChoice?

    @OptionGroup var batchOptions: BatchOptions

    @Option(
        help: ArgumentHelp("Write a page with the most suspicious pairs.", valueName: "file.html"),
        completion: .file(extensions: ["html"]))
    var sheet: String?

    @Option(help: ArgumentHelp("How many pairs the page shows.", valueName: "pairs"))
    var count = 200

    @Option(
        help: ArgumentHelp(
            "Write a repair plan that leaves suspicious pairs out to this file, which must not exist yet. What --plan does is part of it.",
            valueName: "plan.json"), completion: .file(extensions: ["json"]))
    var repair: String?

    @Option(
        help: ArgumentHelp(
            "The suspicion, 0 to 1, from which on the plan leaves pairs out. A lower one leaves more out.",
            valueName: "suspicion"))
    var excludeFrom = 0.9

    @Flag(help: "Print all pairs as a JSON array.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        try check("count", count, 1...10_000)
        try check("exclude-from", excludeFrom, 0...1)
        if let repair, FileManager.default.fileExists(atPath: repair) {
            throw ValidationError("--repair: \(repair) exists, and nothing is overwritten; name another file")
        }
        let inputs = [root] + [layout.plan, modelOptions.model].compactMap(\.self)
        try checkOutput("--repair", repair, suffixes: ["json"], inputs: inputs)
        try checkOutput("--sheet", sheet, suffixes: ["html", "htm"], inputs: inputs)
    }

    func run() async throws {
        let dataset = try layout.open(root)
        let pairs = try dataset.pairs(layout.images == nil ? layout.split : nil)
        let quiet = quiet || json
        try prediction.checkSize(modelOptions.findModel())
        let segmenter = try await modelOptions.makeSegmenter(quiet: quiet)
        if !quiet { try prediction.tellCost(of: segmenter, size: size?.size) }
        let evaluator = try Evaluator(
            predictor: modelOptions.predictor(
                of: segmenter, prediction.method, batch: batchOptions.batch, quiet: quiet),
            size: size?.size, countsNative: false)
        let progress = Progress(total: pairs.count, quiet: quiet, verb: "looked at")
        let review = try await Interrupt.cancelling { [batchOptions, count, sheet] in
            defer { progress.end() }
            do {
                return try await LabelReview.run(
                    evaluator, on: pairs, of: dataset, shownCount: sheet == nil ? 0 : count, batch: batchOptions.batch
                ) { progress.advance(to: $0) }
            } catch is CancellationError {
                throw Interrupt.exitCode
            }
        }
        let plan = review.plan(excludingFrom: excludeFrom, after: dataset.plan)
        try sheet.map { try ReviewSheet(of: review, root: root, excludedFrom: excludeFrom).write(to: $0) }
        try repair.map { try plan.write(to: $0) }
        if json {
            try print(review.json())
        } else if !quiet {
            try print(review.text())
            if let sheet { try print("page: \(sheet)") }
            if let repair { try print("repair plan: \(repair), \(plan.excludedCount) pictures left out") }
        }
    }
}
