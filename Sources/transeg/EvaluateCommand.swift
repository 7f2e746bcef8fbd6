import ArgumentParser
import Foundation
import Limits
import SegmentationMetrics
import Torch
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation

/// `transeg evaluate`: a model, or masks made by anything, held against a data set.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Scores a model, or masks made by anything, by every published protocol.",
        discussion: """
            Writes metrics.json, per_image.csv, report.html and pictures/ to the output folder.

              transeg evaluate --dataset Trans10K --split test --model sd35-glass/
              transeg evaluate --dataset Trans10K --split test --predictions masks/
              transeg evaluate --predictions results/ --ground-truth labels/

            Of a picture N a prediction is named N_pred, N_soft, N_maskq, N_mask or N, a truth in a folder of its own N_maskgt, \
            N_mask or N; both may be in one folder, and in subfolders easy and hard.
            """)

    @Option(help: ArgumentHelp("The data set's folder.", valueName: "folder"), completion: .directory)
    var dataset: String?

    @OptionGroup var datasetOptions: DatasetOptions<TestSplit>

    @Option(
        help: ArgumentHelp("Score the masks in this folder instead of a model's.", valueName: "folder"),
        completion: .directory)
    var predictions: String?

    @Option(
        help: ArgumentHelp("The true masks of --predictions, where there is no data set.", valueName: "folder"),
        completion: .directory)
    var groundTruth: String?

    @Flag(help: "The masks of --predictions have things in red and stuff in white: score three classes.")
    var predictedClasses = false

    @OptionGroup var modelOptions: ModelOptions

    @OptionGroup var prediction: PredictionOptions

    @OptionGroup var batchOptions: BatchOptions

    @Option(
        help: ArgumentHelp(
            "Take the split's pictures, in the order of their names, for frames of a video, and smooth their soft masks as segment --smooth does: the share of the present frame, above 0 to 1. (default: each picture alone)",
            valueName: "alpha"))
    var smooth: Float?

    @Flag(
        inversion: .prefixedNo,
        help: "Compare at each picture's own resolution too, with boundary F, which takes longer.")
    var native = true

    @OptionGroup var options: EvaluationOptions

    func validate() throws {
        try SmoothedPredictor.check(smooth)
        if smooth != nil, options.resume || predictions != nil {
            throw ValidationError(
                "--smooth needs a model and every frame from the first on; leave \(options.resume ? "--resume" : "--predictions") out"
            )
        }
        if predictions != nil {
            guard (groundTruth == nil) != (dataset == nil) else {
                throw ValidationError("--predictions needs their truth: --dataset or --ground-truth, one of them")
            }
            if dataset == nil, datasetOptions.layout.images != nil || datasetOptions.layout.plan != nil {
                throw ValidationError("--images, --masks and --plan are of a data set; name it with --dataset")
            }
            if modelOptions.model != nil {
                throw ValidationError("--predictions and --model exclude each other")
            }
            if !prediction.method.isOnePass {
                throw ValidationError("--tiles, --tta and --cascade are for a model's passes, not for --predictions")
            }
        } else {
            guard groundTruth == nil, !predictedClasses else {
                throw ValidationError("--ground-truth and --predicted-classes are for masks of --predictions")
            }
            guard dataset != nil else {
                throw ValidationError("name a data set with --dataset, or masks with --predictions")
            }
        }
    }

    func run() async throws {
        let ranks = try await Ranks.joined(LaunchEnvironment.detect())
        if let predictions {
            try await score(predictions, ranks)
        } else if let root = dataset {
            try await score(modelOptions, on: root, ranks)
        }
    }

    private func score(_ modelOptions: ModelOptions, on root: String, _ ranks: Ranks) async throws {
        if smooth != nil, ranks.size > 1 {
            throw ValidationError("--smooth is for one process; start it without a launcher")
        }
        let dataset = try datasetOptions.open(root)
        let pairs = try datasetOptions.pairs(of: dataset)
        // Found out before a large model is loaded.
        let model = try modelOptions.findModel()
        try options.checkSize(model)
        try prediction.checkSize(model)
        let data = try datasetOptions.state(of: dataset, pairs)
        let segmenter = try await modelOptions.makeSegmenter(quiet: options.quiet || !ranks.isFirst, ranks: ranks)
        let quiet = options.quiet || !ranks.isFirst
        if !quiet { try prediction.tellCost(of: segmenter, size: options.size?.size) }
        let evaluator = try Evaluator(
            predictor: SmoothedPredictor.of(
                modelOptions.predictor(of: segmenter, prediction.method, batch: batchOptions.batch, quiet: quiet),
                alpha: smooth),
            size: options.size?.size, threshold: options.threshold, countsNative: native)
        let facts =
            datasetOptions.facts(root, model: modelOptions, segmenter, prediction.method)
            + (smooth.map { [Report.Fact("Smoothed", "\($0) of the present frame")] } ?? [])
        try await options.run(title: "Evaluation", facts: facts, data: data, ranks: ranks) {
            [batchOptions] run, progress in
            try await run.score(pairs, of: dataset, by: evaluator, batch: batchOptions.batch, progress: progress)
        }
    }

    private func score(_ predictions: String, _ ranks: Ranks) async throws {
        let masks: [PredictedMask]
        var (data, facts) = (DataState(), [Report.Fact("Predictions", predictions)])
        var sources = ["predictions": predictions]
        if let root = dataset {
            let dataset = try datasetOptions.open(root)
            let pairs = try datasetOptions.pairs(of: dataset)
            masks = try PredictionFolder.masks(predictions: predictions, pairs: pairs, of: dataset)
            data = try datasetOptions.state(of: dataset, pairs)
            facts += datasetOptions.facts(root)
        } else {
            masks = try PredictionFolder.masks(predictions: predictions, groundTruth: groundTruth ?? predictions)
            facts.append(Report.Fact("Ground truth", groundTruth ?? predictions))
            sources["ground truth"] = groundTruth
        }
        try options.checkSize(unit: 1, largest: NumberBounds.side.upperBound)
        let size = try options.size?.size.dimensions(width: 1, height: 1, unit: 1)
        let settings = PredictedMask.Settings(
            size: size.map { ($0.width, $0.height) }, threshold: options.threshold, areClasses: predictedClasses,
            countsNative: native)
        try await options.run(title: "Evaluation of masks", facts: facts, data: data, ranks: ranks) {
            [sources] run, progress in
            try await run.score(
                masks, settings, sources: sources, reader: ranks.isFirst ? .telling() : MaskReader(), progress: progress
            )
        }
    }
}

extension DatasetOptions {
    /// What `metrics.json` says of the files. Throws `DatasetError`.
    func state(of dataset: Dataset, _ pairs: [DatasetPair]) throws -> DataState {
        try DataState(of: pairs, in: dataset, planName: ((layout.plan ?? "") as NSString).lastPathComponent)
    }

    /// Lines of the report's head.
    func facts(_ root: String) -> [Report.Fact] {
        [
            Report.Fact("Data set", root),
            layout.images == nil
                ? Report.Fact("Split", "\((layout.split ?? Standard.split)?.rawValue ?? "all"), \(difficulty)") : nil,
            layout.plan.map { Report.Fact("Repair plan", $0) },
        ].compactMap(\.self)
    }

    /// The same for a model's evaluation.
    func facts(
        _ root: String, model: ModelOptions, _ segmenter: Segmenter, _ method: PredictionMethod = PredictionMethod()
    ) -> [Report.Fact] {
        [Report.Fact("Model", model.model ?? "embedded")] + facts(root)
            + [Report.Fact("Computed in", segmenter.arithmetic)]
            + (method.isOnePass ? [] : [Report.Fact("Masks by", method.text)])
    }
}
