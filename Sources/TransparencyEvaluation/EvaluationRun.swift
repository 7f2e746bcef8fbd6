public import SegmentationMetrics
package import Torch
public import TransparencyData
import TransparencySegmentation

/// Scores pictures, keeps their counts in an ``EvaluationFolder``, and finishes it when all are scored.
///
/// ```swift
/// let dataset = try Dataset("Trans10K")
/// let pairs = try dataset.pairs(.test)
/// let run = EvaluationRun(in: "results", title: "Test", data: try DataState(of: pairs, in: dataset))
/// let metrics = try await run.score(pairs, of: dataset, by: Evaluator(predictor: segmenter))
/// ```
///
/// A picture that cannot be scored ends the evaluation, for numbers of fewer pictures could not be compared with others. Cancelling the task
/// finishes the batch at hand; an evaluation that ended early goes on with ``resume``.
public struct EvaluationRun: Sendable {
    /// The folder for the results.
    public var path: String
    /// Whether to go on with the interrupted evaluation in the folder, where there is one, and to be content with a finished one.
    public var resume: Bool
    /// Whether to write predictions, masks and photographs, of which the report shows the worst and best.
    public var writesPictures: Bool
    /// The report's heading, and what it says at its head, in order.
    public var title: String
    public var facts: [Report.Fact]
    /// Whether the report has what papers report beside its own numbers.
    public var showsPublished = false
    /// Which files are scored.
    public var data: DataState
    /// The processes that share the pictures; the first of them alone writes to the folder, but for pictures.
    package var ranks = Ranks()

    public init(
        in path: String, resume: Bool = false, writesPictures: Bool = true, title: String = "Evaluation",
        facts: [Report.Fact] = [], data: DataState = DataState()
    ) {
        (self.path, self.resume, self.writesPictures) = (path, resume, writesPictures)
        (self.title, self.facts, self.data) = (title, facts, data)
    }

    /// Whether the folder has an evaluation that was finished, perhaps of something else.
    package var isFinished: Bool { EvaluationFolder.isFinished(path) }

    /// Whether the folder has an evaluation that can go on; somebody may have removed it meanwhile.
    package var canContinue: Bool { EvaluationFolder.canContinue(in: path) }

    /// Scores what a model predicts of pairs.
    ///
    /// - Parameters:
    ///   - batch: Pictures in one pass.
    ///   - progress: Called before the first picture and after each.
    /// - Returns: The metrics, as written.
    /// - Throws: ``EvaluationError``, `DatasetError`, `ImageError`, `MetricsError`, `FileError`, what the predictor throws, and
    ///   `CancellationError` when it was cancelled before the end.
    @discardableResult
    public func score(
        _ pairs: [DatasetPair], of dataset: Dataset, by evaluator: Evaluator, batch: Int = 1,
        progress: (EvaluationProgress) -> Void = { _ in }
    ) async throws -> Metrics {
        // Heads alone, for all of the rest is read in any case.
        try ranks.first { try dataset.check(pairs, decodedPixels: 0) }
        return try await run(
            pairs, name: { EvaluationIdentity.name($0.id, $0.difficulty) },
            hash: { try dataset.hash(of: $0) },
            identity: evaluator.identity, settings: evaluator.settings, progress: progress,
            makePipeline: { pairs, finish in
                SegmentationPipeline(
                    pairs, bounds: PipelineBounds(batch: batch), pixels: { dataset.pixelCount(of: $0) },
                    read: { (pair: $0, sample: try dataset.read($0)) },
                    compute: { try await evaluator.predict($0) }, finish: { try finish($2.scored()) })
            })
    }

    /// Scores masks made by anything.
    ///
    /// - Parameters:
    ///   - reader: Reads the masks, and says what is guessed; truths of a data set are read by the data set's own.
    ///   - sources: Where masks and truths are from, by name: an interrupted evaluation goes on with the same ones only.
    ///   - progress: Called before the first picture and after each.
    /// - Returns: The metrics, as written.
    /// - Throws: As the other function.
    @discardableResult
    public func score(
        _ masks: [PredictedMask], _ settings: PredictedMask.Settings, sources: [String: String],
        reader: MaskReader = MaskReader(), progress: (EvaluationProgress) -> Void = { _ in }
    ) async throws -> Metrics {
        let own = [
            "classes": "\(settings.areClasses)", "native": "\(settings.countsNative)",
            "threshold": "\(settings.threshold)",
            "resolution": settings.size.map { "\($0.width) x \($0.height)" } ?? "each its own",
        ]
        let siblings = masks.map(\.prediction)
        return try await run(
            masks, name: { EvaluationIdentity.name($0.id, $0.difficulty) }, hash: { try $0.filesHash() },
            identity: sources.merging(own) { $1 },
            settings: EvaluationSettings(
                resolution: settings.size.map { .init(width: $0.width, height: $0.height) },
                threshold: settings.threshold),
            progress: progress,
            makePipeline: { masks, finish in
                SegmentationPipeline(
                    masks, pixels: \.pixelCount, read: { $0 }, compute: { $0 },
                    finish: { try finish($2.score(settings, masks: reader, siblings: siblings)) })
            })
    }

    /// - Parameters:
    ///   - name: What an item's record is known by.
    ///   - hash: Tells an item's files apart from what they were.
    ///   - makePipeline: Scores items; what is scored goes through the function that it is given.
    private func run<Item: Sendable>(
        _ items: [Item], name: (Item) -> String, hash: (Item) throws -> String, identity: [String: String],
        settings: EvaluationSettings,
        progress report: (EvaluationProgress) -> Void,
        makePipeline: ([Item], @escaping @Sendable (ScoredPrediction) throws -> ImageRecord)
            -> SegmentationPipeline<Item, ImageRecord>
    ) async throws -> Metrics {
        var identity = identity
        (identity["files"], identity["plan"]) = (data.filesHash, data.plan)
        var whole = EvaluationIdentity(facts: identity)
        let (path, data) = (path, data)
        var (finished, folder): (Metrics?, EvaluationFolder?)
        try ranks.first {
            whole.pictures = try Dictionary(items.map { (name($0), try hash($0)) }) { $1 }
            if resume {
                finished = try EvaluationFolder.finished(path, identity: whole, settings: settings, data: data)
            }
            if finished == nil { folder = try EvaluationFolder(path, identity: whole, resume: resume) }
        }
        let names = (folder?.records ?? []).map { EvaluationIdentity.name($0.id, $0.difficulty) }
        let begun = try ranks.same(Begun(isFinished: finished != nil, scored: names))
        if begun.isFinished { return try finished ?? EvaluationFolder.metrics(path) }
        let done = Set(begun.scored)
        let remaining = items.filter { !done.contains(name($0)) }
        var progress = EvaluationProgress(
            totalCount: remaining.count, earlier: folder?.records ?? [], warning: folder?.warning)
        let writesPictures = writesPictures
        let pipeline = makePipeline(ranks.share(of: remaining)) { scored in
            if writesPictures { try EvaluationFolder.writePictures(of: scored, in: path) }
            return scored.record
        }
        report(progress)
        let isWhole = try await ranks.collect(pipeline, count: remaining.count) { picture in
            try picture.result.get()
        } receive: { record in
            try folder?.append(record)
            progress.add(record)
            progress.doneCount += 1
            report(progress)
        }
        guard isWhole else { throw CancellationError() }
        let metrics = try ranks.first {
            try folder?.finish(
                settings: settings, data: data, title: title, facts: facts, showsPublished: showsPublished)
        }
        return try metrics.flatMap(\.self) ?? EvaluationFolder.metrics(path)
    }

    /// What an evaluation begins with.
    private struct Begun: Codable {
        let isFinished: Bool
        /// The names of what was scored before.
        let scored: [String]
    }
}

extension DataState {
    /// What `metrics.json` says of pairs of a data set.
    ///
    /// - Parameter planName: What the data set's repair plan is called.
    /// - Throws: `DatasetError`.
    public init(of pairs: [DatasetPair], in dataset: Dataset, planName: String = "plan") throws {
        self.init(
            plan: try dataset.plan.map { "\(planName) \(try $0.hash().prefix(12))" },
            filesHash: try dataset.filesHash(of: pairs))
    }
}
