import Files
import Foundation
import Reports

/// `per_image.csv`: a line for each picture with its scores for people and its counts, from which all numbers can be worked
/// out again. `transeg compare` reads it from beside `metrics.json`.
public enum PerImageTable {
    /// The name of the file beside `metrics.json`.
    public static let fileName = "per_image.csv"

    /// The line of column names, with its line feed.
    public static var header: String { CSV.line(columns) }

    private static let columns =
        ["id", "difficulty", "iou", "recall", "mse", "width", "height", "tp", "fp", "fn", "tn"]
        + ["half_tp", "half_fp", "half_fn", "half_tn", "squared_error_sum", "absolute_error_sum"]
        + (0..<9).map { "true\($0 / 3)_predicted\($0 % 3)" }
        + ["native_width", "native_height", "native_tp", "native_fp", "native_fn", "native_tn"]
        + ["boundary_predicted", "boundary_predicted_matched", "boundary_truth", "boundary_truth_matched"]
        + ["glass_histogram", "other_histogram"]

    /// A picture's line, with its line feed. Numbers are written so that they are read back exactly.
    public static func line(_ record: ImageRecord) -> String {
        let counts = record.pixels
        let above = counts.aboveThreshold
        var fields = [record.id, record.difficulty?.rawValue ?? "", "\(above.iou)", above.recall.map { "\($0)" } ?? ""]
        fields += ["\(counts.squaredErrorSum / Double(3 * counts.pixelCount))", "\(counts.width)", "\(counts.height)"]
        fields += numbers(above) + numbers(counts.fromHalf)
        fields += ["\(counts.squaredErrorSum)", "\(counts.absoluteErrorSum)"]
        fields += counts.classConfusion?.map(String.init) ?? [String](repeating: "", count: 9)
        if let native = record.native {
            fields += ["\(native.width)", "\(native.height)"] + numbers(native.pixels)
            fields += [
                native.predictedCount, native.predictedMatchedCount, native.truthCount, native.truthMatchedCount,
            ].map(String.init)
        } else {
            fields += [String](repeating: "", count: 10)
        }
        fields += [counts.glassHistogram, counts.otherHistogram].map {
            $0.map(String.init).joined(separator: " ")
        }
        return CSV.line(fields)
    }

    /// Writes all pictures, in one step and in an order of their own. Throws `FileError`.
    public static func write(_ records: [ImageRecord], to path: String) throws {
        let sorted = records.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }
        try AtomicFile.write(Array((header + sorted.map(line).joined()).utf8), to: path)
    }

    /// Reads all pictures. Throws ``MetricsError/unreadable(path:reason:)`` and ``MetricsError/malformed(path:reason:)``, with
    /// the row. The scores for people are not read but follow from the counts.
    ///
    /// A file that grew line by line until its writer `wasInterrupted` may end within a line, which is then left out.
    public static func read(contentsOf path: String, wasInterrupted: Bool = false) throws -> [ImageRecord] {
        var data = try contents(of: path)
        if wasInterrupted { data = data.lastIndex(of: UInt8(ascii: "\n")).map { data[...$0] } ?? Data() }
        guard let text = String(data: data, encoding: .utf8), let rows = CSV.rows(of: text) else {
            throw MetricsError.malformed(path: path, reason: "it is not comma-separated text in UTF-8")
        }
        guard rows.first == columns else {
            throw MetricsError.malformed(path: path, reason: "its first line has not the columns of \(fileName)")
        }
        return try rows.dropFirst().enumerated().map { index, row in
            do {
                return try PerImageRow(columns: columns, fields: row).record()
            } catch let fault as PerImageRow.Fault {
                throw MetricsError.malformed(path: path, reason: "row \(index + 2): \(fault.reason)")
            }
        }
    }

    private static func numbers(_ counts: BinaryCounts) -> [String] {
        [counts.truePositives, counts.falsePositives, counts.falseNegatives, counts.trueNegatives].map(String.init)
    }
}
