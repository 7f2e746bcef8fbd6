import Foundation
import SegmentationMetrics
import StableDiffusion3
import SyntheticScenes
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// An evaluation of a model, or of its VAE alone, on a data set, as the command line asks for it.
struct ModelEvaluation {
    let datasetOptions: DatasetOptions
    let modelOptions: ModelOptions
    let options: EvaluationOptions
    let root: String
    let batch: Int
    let subject: Evaluator.Subject
    let countsNative: Bool

    func run() async throws {
        let dataset = try datasetOptions.open(root)
        let pairs = try datasetOptions.pairs(of: dataset, standard: .test)
        let model = try modelOptions.findModel()
        let limits = try model.inputLimits()
        // Found out before a large model is loaded.
        try options.checkSize(unit: limits.unit, largest: limits.largest)
        let data = try datasetOptions.state(of: dataset, pairs)
        let segmenter = try modelOptions.makeSegmenter()
        let evaluator = try Evaluator(
            segmenter: segmenter, subject: subject, size: options.size?.size, threshold: options.threshold,
            countsNative: countsNative)
        let identity = [
            "model": model.path, "weights": model.fingerprint(), "dtype": modelOptions.dtype.rawValue,
            "plain": "\(modelOptions.plain)", "subject": "\(subject)", "native": "\(countsNative)",
            "resolution": "\(evaluator.width) x \(evaluator.height)",
        ]
        var run = try options.makeRun(total: pairs.count, identity: identity, data: data)
        let done = Set(run.folder.records.map { [$0.difficulty?.rawValue ?? "", $0.id] })
        try await run.score(
            pairs.filter { !done.contains([$0.difficulty?.rawValue ?? "", $0.id]) }, batch: batch,
            read: { ($0, try dataset.read($0)) }, predict: { try evaluator.predict($0) }, score: { try $0.scored() })
        let facts = [Report.Fact("Model", modelOptions.model ?? "embedded")]
        try options.finish(
            run.folder, settings: evaluator.settings, data: data,
            title: subject == .model ? "Evaluation" : "What the VAE alone gives back of the masks",
            facts: facts + datasetOptions.facts(root) + [Report.Fact("Computed in", modelOptions.dtype.rawValue)])
    }
}

extension DatasetOptions {
    /// What `metrics.json` says of the files. Throws `DatasetError`.
    func state(of dataset: Dataset, _ pairs: [DatasetPair]) throws -> DataState {
        DataState(
            plan: try dataset.plan.map { repairs in
                let name = ((plan ?? "") as NSString).lastPathComponent
                return "\(name) \(try repairs.hash().prefix(12))"
            },
            filesHash: try dataset.filesHash(of: pairs))
    }

    /// Lines of the report's head.
    func facts(_ root: String) -> [Report.Fact] {
        [
            Report.Fact("Data set", root),
            images == nil ? Report.Fact("Split", "\(split ?? .test), \(difficulty)") : nil,
            plan.map { Report.Fact("Repair plan", $0) },
        ].compactMap(\.self)
    }
}

extension EvaluationOptions {
    /// Opens the output folder. Throws `EvaluationError`.
    func makeRun(total: Int, identity: [String: String], data: DataState) throws -> EvaluationRun {
        var facts = identity
        facts["threshold"] = "\(threshold)"
        facts["files"] = data.filesHash
        facts["plan"] = data.plan
        let folder = try EvaluationFolder(output, identity: EvaluationIdentity(facts: facts), resume: resume)
        return EvaluationRun(
            folder: folder, writesPictures: pictures,
            progress: Progress(total: total - folder.records.count, quiet: quiet, verb: "scored"))
    }

    /// Writes and prints the results.
    func finish(
        _ folder: EvaluationFolder, settings: EvaluationSettings, data: DataState, title: String, facts: [Report.Fact]
    ) throws {
        let metrics = try folder.finish(settings: settings, data: data, title: title, facts: facts)
        if json {
            try StandardStream.output.write(metrics.jsonData())
        } else if !quiet {
            print(MetricsTable.text(metrics))
            print(
                "\(folder.records.count) pictures scored, results in \(output): metrics.json, per_image.csv, report.html"
            )
        }
    }
}
