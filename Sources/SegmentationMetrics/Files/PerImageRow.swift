/// The fields of one line of `per_image.csv` by their columns, and the record that they make.
struct PerImageRow {
    /// What is wrong with a line.
    struct Fault: Error {
        let reason: String
    }

    private let fields: [String: String]

    init(columns: [String], fields: [String]) throws {
        guard fields.count == columns.count else {
            throw Fault(reason: "it has \(fields.count) fields instead of \(columns.count)")
        }
        self.fields = Dictionary(uniqueKeysWithValues: zip(columns, fields))
    }

    /// The record, checked: every count is there, and those of the same pixels agree.
    func record() throws -> ImageRecord {
        let name = text("difficulty")
        let difficulty = Difficulty(rawValue: name)
        guard name.isEmpty || difficulty != nil else { throw Fault(reason: "difficulty is \(name), not easy or hard") }
        return ImageRecord(
            id: text("id"), difficulty: difficulty, pixels: try pixelCounts(), native: try nativeCounts())
    }

    private func pixelCounts() throws -> PixelCounts {
        let confusionColumns = (0..<9).map { "true\($0 / 3)_predicted\($0 % 3)" }
        let hasClasses = confusionColumns.contains { !text($0).isEmpty }
        let counts = PixelCounts(
            width: try count("width"), height: try count("height"), aboveThreshold: try binaryCounts(""),
            fromHalf: try binaryCounts("half_"), squaredErrorSum: try sum("squared_error_sum"),
            absoluteErrorSum: try sum("absolute_error_sum"), glassHistogram: try histogram("glass_histogram"),
            otherHistogram: try histogram("other_histogram"),
            classConfusion: hasClasses ? try confusionColumns.map(count) : nil)
        let pixels = try size("width", "height")
        let glass = counts.glassHistogram.reduce(0, +)
        for binary in [counts.aboveThreshold, counts.fromHalf]
        where binary.glassCount != glass || binary.glassCount + binary.otherCount != pixels {
            throw Fault(reason: "its counts contradict each other")
        }
        guard counts.otherHistogram.reduce(glass, +) == pixels,
            counts.classConfusion.map({ $0.reduce(0, +) == pixels && $0[3...].reduce(0, +) == glass }) ?? true
        else { throw Fault(reason: "its counts contradict each other") }
        return counts
    }

    private func nativeCounts() throws -> NativeCounts? {
        guard !text("native_width").isEmpty else { return nil }
        let counts = NativeCounts(
            width: try count("native_width"), height: try count("native_height"), pixels: try binaryCounts("native_"),
            predictedCount: try count("boundary_predicted"),
            predictedMatchedCount: try count("boundary_predicted_matched"),
            truthCount: try count("boundary_truth"), truthMatchedCount: try count("boundary_truth_matched"))
        guard try counts.pixels.glassCount + counts.pixels.otherCount == size("native_width", "native_height"),
            counts.predictedMatchedCount <= counts.predictedCount, counts.truthMatchedCount <= counts.truthCount
        else { throw Fault(reason: "its counts at the picture's own resolution contradict each other") }
        return counts
    }

    private func binaryCounts(_ prefix: String) throws -> BinaryCounts {
        BinaryCounts(
            truePositives: try count(prefix + "tp"), falsePositives: try count(prefix + "fp"),
            falseNegatives: try count(prefix + "fn"), trueNegatives: try count(prefix + "tn"))
    }

    private func size(_ width: String, _ height: String) throws -> Int {
        do {
            return try checkedPixelCount(width: count(width), height: count(height))
        } catch let error as MetricsError {
            throw Fault(reason: error.description)
        }
    }

    private func text(_ column: String) -> String { fields[column] ?? "" }

    private func count(_ column: String) throws -> Int { try count(text(column), column) }

    /// A count of pixels. Limited, so that sums of counts cannot overflow.
    private func count(_ text: some StringProtocol, _ column: String) throws -> Int {
        guard let value = Int32(text), value >= 0 else { throw Fault(reason: "\(column) is not a count: \(text)") }
        return Int(value)
    }

    private func sum(_ column: String) throws -> Double {
        guard let value = Double(text(column)), value.isFinite, value >= 0 else {
            throw Fault(reason: "\(column) is not a sum: \(text(column))")
        }
        return value
    }

    private func histogram(_ column: String) throws -> [Int] {
        let counts = try text(column).split(separator: " ").map { try count($0, column) }
        guard counts.count == 256 else { throw Fault(reason: "\(column) has \(counts.count) counts instead of 256") }
        return counts
    }
}
