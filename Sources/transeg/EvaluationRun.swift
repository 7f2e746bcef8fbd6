import ArgumentParser
import SegmentationMetrics
import SyntheticScenes
import Torch
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// Scores pictures one batch after the other: while one batch is computed, the next is read and the last one counted and
/// written.
struct EvaluationRun {
    let folder: EvaluationFolder
    let writesPictures: Bool
    var progress: Progress

    private var newCount = 0
    private var sums = (iou: 0.0, recall: 0.0, recallCount: 0, squaredError: 0.0)

    init(folder: EvaluationFolder, writesPictures: Bool, progress: Progress) {
        (self.folder, self.writesPictures, self.progress) = (folder, writesPictures, progress)
        for record in folder.records { add(record) }
    }

    /// Scores the items that are not scored yet.
    ///
    /// A picture that cannot be scored ends the evaluation, for numbers of fewer pictures could not be compared with others.
    /// Ctrl-C finishes the batch at hand.
    ///
    /// - Parameters:
    ///   - read: Runs ahead on another thread.
    ///   - predict: Runs here, with batch after batch in order.
    ///   - score: Runs afterwards on another thread.
    /// - Throws: What the three throw, `AtomicFileError`, and `ExitCode(130)` when interrupted.
    mutating func score<Item: Sendable, Loaded: Sendable, Predicted: Sendable>(
        _ items: [Item], batch: Int, read: @escaping @Sendable (Item) throws -> Loaded,
        predict: ([Loaded]) throws -> [Predicted],
        score: @escaping @Sendable (Predicted) throws -> ScoredPrediction
    ) async throws {
        let interrupt = Interrupt()
        defer { interrupt.restore() }
        defer { progress.end() }
        let batches = stride(from: 0, to: items.count, by: batch).map {
            Array(items[$0..<min($0 + batch, items.count)])
        }
        let (path, writesPictures) = (folder.path, writesPictures)
        func keep(_ predicted: [Predicted]) -> Task<[ImageRecord], any Error> {
            Task.detached {
                try await predicted.concurrentMap { prediction in
                    let scored = try score(prediction)
                    if writesPictures { try EvaluationFolder.writePictures(of: scored, in: path) }
                    return scored.record
                }
            }
        }
        func load(_ batch: [Item]) -> Task<[Loaded], any Error> {
            Task.detached { try await batch.concurrentMap(read) }
        }

        var upcoming = batches.first.map(load)
        var keeping: Task<[ImageRecord], any Error>?
        for position in batches.indices {
            if interrupt.isRequested { break }
            let loaded = try await upcoming?.value ?? []
            upcoming = position + 1 < batches.count ? load(batches[position + 1]) : nil
            let predicted = try predict(loaded)
            if let keeping { try append(await keeping.value) }
            keeping = keep(predicted)
        }
        if let keeping { try append(await keeping.value) }
        if interrupt.isRequested {
            progress.end()
            progress.message("interrupted; continue with --resume")
            throw ExitCode(130)
        }
    }

    private mutating func append(_ records: [ImageRecord]) throws {
        for record in records {
            try folder.append(record)
            add(record)
        }
        newCount += records.count
        let means = means
        progress.advance(to: newCount, note: means)
    }

    private mutating func add(_ record: ImageRecord) {
        let counts = record.pixels
        sums.iou += counts.aboveThreshold.iou
        if let recall = counts.aboveThreshold.recall {
            sums.recall += recall
            sums.recallCount += 1
        }
        sums.squaredError += counts.squaredErrorSum / Double(3 * counts.pixelCount)
    }

    /// The means so far, by the original's protocol.
    private var means: String {
        let count = Double(max(folder.records.count, 1))
        let recall = sums.recall / Double(max(sums.recallCount, 1))
        return "IoU \(fixed(sums.iou / count)), recall \(fixed(recall)), MSE \(fixed(sums.squaredError / count))"
    }
}

extension Array where Element: Sendable {
    /// The results of `transform`, in order; each element has a task of its own.
    fileprivate func concurrentMap<Result: Sendable>(
        _ transform: @escaping @Sendable (Element) throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            for (index, element) in enumerated() { group.addTask { (index, try transform(element)) } }
            var results: [Int: Result] = [:]
            for try await (index, result) in group { results[index] = result }
            return indices.compactMap { results[$0] }
        }
    }
}
