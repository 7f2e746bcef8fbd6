import Files
import Foundation
import Images
public import SegmentationMetrics
import TransparencyData
import TransparencySegmentation

/// The folder that an evaluation writes: `metrics.json`, `per_image.csv`, `report.html` and `pictures/`.
///
/// While the evaluation runs there are `evaluation.json`, what it is of, and `per_image.partial.csv`, which has a line more
/// with each picture; from them an interrupted evaluation goes on. Both are gone when all is done.
public final class EvaluationFolder {
    public let path: String
    /// The pictures that are scored already.
    public private(set) var records: [ImageRecord]
    private let partial: FileHandle

    private static let identityName = "evaluation.json"
    private static let partialName = "per_image.partial.csv"

    /// Makes the folder, or continues in it.
    ///
    /// - Throws: ``EvaluationError`` when there is something else in the folder, nothing to resume, or an evaluation of something
    ///   else; `FileError` and `MetricsError`.
    public init(_ path: String, identity: EvaluationIdentity, resume: Bool) throws {
        let files = FileManager.default
        let (identityPath, partialPath) = ("\(path)/\(Self.identityName)", "\(path)/\(Self.partialName)")
        if resume {
            guard let data = files.contents(atPath: identityPath) else { throw EvaluationError.nothingToResume(path) }
            guard let earlier = try? JSONDecoder().decode(EvaluationIdentity.self, from: data) else {
                throw EvaluationError.malformed(path: identityPath, reason: "it is not what an evaluation writes there")
            }
            let differences = identity.differences(from: earlier)
            guard differences.isEmpty else { throw EvaluationError.changed(folder: path, differences: differences) }
            records =
                files.fileExists(atPath: partialPath)
                ? try PerImageTable.read(contentsOf: partialPath, wasInterrupted: true) : []
        } else {
            guard Self.isFree(path) else { throw EvaluationError.outputInUse(path) }
            do {
                try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            } catch {
                throw EvaluationError.cannotBeMade(path)
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try AtomicFile.write(Array(encoder.encode(identity)), to: identityPath)
            records = []
        }
        // Rewritten without the line in which it may have been cut off.
        try PerImageTable.write(records, to: partialPath)
        guard let partial = FileHandle(forUpdatingAtPath: partialPath) else {
            throw EvaluationError.cannotBeMade(partialPath)
        }
        try partial.seekToEnd()
        (self.path, self.partial) = (path, partial)
    }

    /// Whether there is nothing at the path but perhaps an evaluation that failed before its first picture.
    private static func isFree(_ path: String) -> Bool {
        let content = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        // Pictures of later ones may be written already when the first one fails.
        let known = content.contains(identityName) ? [identityName, partialName, "pictures"] : [partialName]
        guard Set(content).isSubset(of: known) else { return false }
        let partial = "\(path)/\(partialName)"
        return !content.contains(partialName)
            || (try? PerImageTable.read(contentsOf: partial, wasInterrupted: true))?.isEmpty ?? false
    }

    /// Keeps a picture's counts. Throws what the file system says, such as that the disk is full.
    public func append(_ record: ImageRecord) throws {
        try partial.write(contentsOf: Data(PerImageTable.line(record).utf8))
        records.append(record)
    }

    /// Writes the pictures of a prediction: `ID_pred.png`, `ID_maskq.png`, `ID_maskgt.png` and, where there is a photograph,
    /// `ID_img.jpg`, at the resolution of the evaluation, in `pictures/` or its subfolder of the difficulty. The PNG files have
    /// the picture's scores as text.
    ///
    /// May be called on any thread. Throws `FileError` and `ImageError`.
    public static func writePictures(of scored: ScoredPrediction, in path: String) throws {
        let folder = picturesFolder(of: scored.record.difficulty, in: path)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw EvaluationError.cannotBeMade(folder)
        }
        let stem = pictureStem(of: scored.record, in: path)
        let counts = scored.record.pixels
        let text: KeyValuePairs = [
            "iou": "\(counts.aboveThreshold.iou)",
            "recall": counts.aboveThreshold.recall.map { "\($0)" } ?? "undefined",
            "mse": "\(counts.squaredErrorSum / Double(3 * counts.pixelCount))",
        ]
        for (kind, image) in [
            ("pred", try scored.predictionImage()), ("maskq", try scored.quantisedImage()),
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
    /// - Returns: the metrics, as written.
    /// - Throws: `MetricsError`, `FileError`, `ImageError`.
    public func finish(
        settings: EvaluationSettings, data: DataState, title: String, facts: [Report.Fact]
    ) throws -> Metrics {
        let metrics = try Metrics(records: records, settings: settings, data: data)
        try PerImageTable.write(records, to: "\(path)/\(PerImageTable.fileName)")
        try EvaluationReport(folder: path, title: title, metrics: metrics, records: records, facts: facts)
            .write(to: "\(path)/\(Report.fileName)")
        try metrics.write(to: "\(path)/metrics.json")
        try partial.close()
        for name in [Self.partialName, Self.identityName] {
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
        return metrics
    }
}
