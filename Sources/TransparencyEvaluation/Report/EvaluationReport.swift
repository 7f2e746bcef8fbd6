import Foundation
import Images
import SegmentationMetrics
import TransparencySegmentation

/// Gathers what `report.html` shows of an evaluation's folder.
struct EvaluationReport {
    /// The longer side of the pictures on the page, pixels.
    private static let side = 360

    private let report: Report

    /// - Parameter folder: The evaluation's folder, whose `pictures/` are shown as far as they are there.
    /// - Throws: `ImageError`.
    init(
        folder: String, title: String, metrics: Metrics, records: [ImageRecord], facts: [Report.Fact],
        showsPublished: Bool
    ) throws {
        let selection = Report.selection(of: records)
        var report = Report(
            title: title, facts: facts, metrics: metrics, records: records,
            worst: try Self.examples(selection.worst, in: folder), best: try Self.examples(selection.best, in: folder))
        report.showsPublished = showsPublished
        self.report = report
    }

    func write(to path: String) throws {
        try report.write(to: path)
    }

    /// Those of the records whose pictures were kept.
    private static func examples(_ records: [ImageRecord], in folder: String) throws -> [Report.Example] {
        try records.compactMap { record in
            let stem = EvaluationFolder.pictureStem(of: record, in: folder)
            let files: [(Report.Picture.Kind, String)] = [
                (.photo, "\(stem)_img.jpg"), (.truth, "\(stem)_maskgt.png"), (.soft, "\(stem)_pred.png"),
                (.mask, "\(stem)_maskq.png"),
            ]
            let pictures = try files.filter { FileManager.default.fileExists(atPath: $0.1) }.map { kind, path in
                let small = try ImageReader().read(contentsOf: path).thumbnail(side: side)
                return kind == .truth || kind == .mask
                    ? Report.Picture(kind, .png, try small.pngData())
                    : Report.Picture(kind, .jpeg, try small.jpegData())
            }
            return pictures.isEmpty ? nil : Report.Example(record: record, pictures: pictures)
        }
    }
}
