import Files
import Foundation
import Images
public import SegmentationMetrics
import TransparencyData
import TransparencySegmentation

/// The folder that an evaluation writes: `metrics.json`, `per_image.csv`, `report.html` and `pictures/`.
///
/// While the evaluation runs there are `evaluation.json`, what it is of, and `per_image.partial.csv`, which has a line more
/// with each picture; from them an interrupted evaluation goes on. When all is done the second is gone, and the first is hidden: it tells
/// whether somebody who asks for the evaluation again has it already.
public final class EvaluationFolder {
    public let path: String
    /// The pictures that are scored already.
    public private(set) var records: [ImageRecord]
    private let partial: GrowingFile
    /// Held while the evaluation goes on, so that no other writes into the folder.
    private let lock: FolderLock

    private static let identityName = "evaluation.json"
    private static let finishedName = ".evaluation.json"
    private static let metricsName = "metrics.json"
    private static let partialName = "per_image.partial.csv"

    /// Makes the folder, or continues in it.
    ///
    /// - Parameter resume: Whether to go on with an interrupted evaluation, where there is one.
    /// - Throws: ``EvaluationError`` when there is something else in the folder, an evaluation of something else, or one at work;
    ///   `FileError` and `MetricsError`.
    public init(_ path: String, identity: EvaluationIdentity, resume: Bool) throws {
        let files = FileManager.default
        do {
            try makeFolder(path)
            lock = try FolderLock(path)
        } catch is FolderLock.Taken {
            throw EvaluationError.isRunning(path)
        }
        let (identityPath, partialPath) = ("\(path)/\(Self.identityName)", "\(path)/\(Self.partialName)")
        if resume, let earlier = try Self.identity(at: identityPath) {
            records =
                files.fileExists(atPath: partialPath)
                ? try PerImageTable.read(contentsOf: partialPath, wasInterrupted: true) : []
            let scored = records.map { EvaluationIdentity.name($0.id, $0.difficulty) }
            let differences = identity.differences(from: earlier, scored: scored)
            guard differences.isEmpty else { throw EvaluationError.changed(folder: path, differences: differences) }
        } else {
            guard Self.isFree(path) else {
                throw resume ? EvaluationError.nothingToResume(path) : .outputInUse(path)
            }
            records = []
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Array(encoder.encode(identity)), to: identityPath)
        // Rewritten without the line in which it may have been cut off.
        try PerImageTable.write(records, to: partialPath)
        partial = try GrowingFile(partialPath)
        self.path = path
    }

    private static func identity(at path: String) throws -> EvaluationIdentity? {
        do {
            return try EvaluationIdentity(data: PlainFile.contents(of: path), path: path)
        } catch let error as FileReadError {
            if error.isMissing { return nil }
            throw EvaluationError.malformed(path: path, reason: error.reason)
        }
    }

    /// Why nothing keeps other programs from writing here; nil where the folder is locked.
    var warning: String? { lock.warning(for: path) }

    /// Whether a folder has an evaluation that was not finished.
    static func canContinue(in path: String) -> Bool {
        PlainFile.exists("\(path)/\(identityName)") && PlainFile.exists("\(path)/\(partialName)")
    }

    /// Whether a folder has an evaluation that was finished.
    static func isFinished(_ path: String) -> Bool {
        PlainFile.exists("\(path)/\(metricsName)") && !PlainFile.exists("\(path)/\(identityName)")
    }

    /// The metrics in a folder. Throws `MetricsError`.
    static func metrics(_ path: String) throws -> Metrics { try Metrics(contentsOf: "\(path)/\(metricsName)") }

    /// The metrics of an evaluation that was finished; nil where there is none.
    ///
    /// - Throws: ``EvaluationError/changed(folder:differences:)`` when it is of something else; `MetricsError`.
    static func finished(
        _ path: String, identity: EvaluationIdentity, settings: EvaluationSettings, data: DataState
    ) throws -> Metrics? {
        guard isFinished(path) else { return nil }
        let metrics = try metrics(path)
        var differences: [String] = []
        if let earlier = try self.identity(at: "\(path)/\(finishedName)") {
            differences = identity.differences(from: earlier, scored: nil)
        } else {
            // Earlier versions left no more than this.
            let (own, others) = (settings, metrics.settings)
            if (own.resolution, own.threshold) != (others.resolution, others.threshold) || data != metrics.data {
                differences = ["its resolution, threshold or files are others"]
            }
        }
        guard differences.isEmpty else { throw EvaluationError.changed(folder: path, differences: differences) }
        return metrics
    }

    /// Whether there is nothing at the path but perhaps an evaluation that failed before its first picture.
    private static func isFree(_ path: String) -> Bool {
        AtomicFile.removeLeftovers(in: path)
        let content = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        // Pictures of later ones may be written already when the first one fails.
        let known = content.contains(identityName) ? [identityName, partialName, "pictures"] : [partialName]
        guard Set(content).isSubset(of: known + [finishedName]) else { return false }
        let partial = "\(path)/\(partialName)"
        return !content.contains(partialName)
            || (try? PerImageTable.read(contentsOf: partial, wasInterrupted: true))?.isEmpty ?? false
    }

    /// Keeps a picture's counts. Throws `FileError`, such as that the disk is full.
    public func append(_ record: ImageRecord) throws {
        try partial.append(PerImageTable.line(record).utf8)
        records.append(record)
    }

    /// Writes the pictures of a prediction: `ID_pred.png`, `ID_maskq.png`, `ID_maskgt.png` and, where there is a photograph,
    /// `ID_img.jpg`, at the resolution of the evaluation, in `pictures/` or its subfolder of the difficulty. The PNG files have
    /// the picture's scores as text.
    ///
    /// May be called on any thread. Throws `FileError` and `ImageError`.
    public static func writePictures(of scored: ScoredPrediction, in path: String) throws {
        let folder = picturesFolder(of: scored.record.difficulty, in: path)
        try makeFolder(folder)
        let stem = pictureStem(of: scored.record, in: path)
        let counts = scored.record.pixels
        let text: KeyValuePairs = [
            "iou": "\(counts.aboveThreshold.iou)",
            "recall": counts.aboveThreshold.recall.map { "\($0)" } ?? "undefined",
            "mse": "\(counts.squaredErrorSum / Double(3 * counts.pixelCount))",
        ]
        for (kind, image) in [
            ("pred", try scored.predictionImage()), ("maskq", try scored.quantizedImage()),
            ("maskgt", try scored.truthImage()),
        ] {
            try AtomicFile.write(image.pngData(text: text), to: "\(stem)_\(kind).png")
        }
        if let picture = scored.picture {
            let resized = try picture.resizedBilinear(width: counts.width, height: counts.height)
            try AtomicFile.write(resized.jpegData(), to: "\(stem)_img.jpg")
        }
    }

    /// Where a record's pictures are, but for their endings.
    static func pictureStem(of record: ImageRecord, in path: String) -> String {
        "\(picturesFolder(of: record.difficulty, in: path))/\(FileName.stem(record.id))"
    }

    private static func picturesFolder(of difficulty: Difficulty?, in path: String) -> String {
        "\(path)/pictures" + (difficulty.map { "/\($0.rawValue)" } ?? "")
    }

    /// Writes the results of all pictures and removes what was needed for resuming.
    ///
    /// - Parameters:
    ///   - title: The report's heading.
    ///   - facts: What the report says at its head, in order.
    ///   - showsPublished: Whether the report has what papers report.
    /// - Returns: the metrics, as written.
    /// - Throws: `MetricsError`, `FileError`, `ImageError`.
    public func finish(
        settings: EvaluationSettings, data: DataState, title: String, facts: [Report.Fact],
        showsPublished: Bool = false
    ) throws -> Metrics {
        let metrics = try Metrics(records: records, settings: settings, data: data)
        try PerImageTable.write(records, to: "\(path)/\(PerImageTable.fileName)")
        try EvaluationReport(
            folder: path, title: title, metrics: metrics, records: records, facts: facts,
            showsPublished: showsPublished
        ).write(to: "\(path)/\(Report.fileName)")
        try metrics.write(to: "\(path)/\(Self.metricsName)")
        guard rename("\(path)/\(Self.identityName)", "\(path)/\(Self.finishedName)") == 0 else {
            throw FileError(path: "\(path)/\(Self.finishedName)", code: errno)
        }
        try FileManager.default.removeItem(atPath: "\(path)/\(Self.partialName)")
        return metrics
    }
}
