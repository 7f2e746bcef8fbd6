/// What every protocol needs to know of one picture's pixels, counted in one pass at one resolution.
///
/// Softness s of a pixel is the mean of the prediction's channels, g is 1 where the truth is glass of any class and else 0.
public struct PixelCounts: Codable, Equatable, Sendable {
    /// Pixels per row.
    public var width: Int
    /// Rows.
    public var height: Int
    /// With glass where s > threshold.
    public var aboveThreshold: BinaryCounts
    /// With glass where s ≥ 0.5, whatever the threshold.
    public var fromHalf: BinaryCounts
    /// The sum over pixels and three channels of (channel − g)². A single channel counts as three equal ones.
    public var squaredErrorSum: Double
    /// The sum over pixels of |s − g|.
    public var absoluteErrorSum: Double
    /// How many pixels of glass have each of the values 0 to 255 of ⌊255 s + ½⌋.
    public var glassHistogram: [Int] {
        get { packedGlass.numbers }
        set { packedGlass.numbers = newValue }
    }
    /// The same for pixels that are not glass.
    public var otherHistogram: [Int] {
        get { packedOther.numbers }
        set { packedOther.numbers = newValue }
    }
    /// Pixels by class, nine counts at `3 * truth + predicted`; `nil` when no classes were predicted.
    public var classConfusion: [Int]?

    private var packedGlass: PackedCounts
    private var packedOther: PackedCounts

    public var pixelCount: Int { width * height }

    enum CodingKeys: String, CodingKey {
        case width, height
        case aboveThreshold = "above_threshold"
        case fromHalf = "from_half"
        case squaredErrorSum = "squared_error_sum"
        case absoluteErrorSum = "absolute_error_sum"
        case packedGlass = "glass_histogram"
        case packedOther = "other_histogram"
        case classConfusion = "class_confusion"
    }

    init(
        width: Int, height: Int, aboveThreshold: BinaryCounts, fromHalf: BinaryCounts, squaredErrorSum: Double,
        absoluteErrorSum: Double, glassHistogram: [Int], otherHistogram: [Int], classConfusion: [Int]?
    ) {
        (self.width, self.height) = (width, height)
        (self.aboveThreshold, self.fromHalf) = (aboveThreshold, fromHalf)
        (self.squaredErrorSum, self.absoluteErrorSum) = (squaredErrorSum, absoluteErrorSum)
        (packedGlass, packedOther) = (PackedCounts(glassHistogram), PackedCounts(otherHistogram))
        self.classConfusion = classConfusion
    }
}

extension PixelCounts {
    /// Counts a picture.
    ///
    /// - Parameters:
    ///   - prediction: softness of 0 to 1, rows from top to bottom: one plane of `width * height` values or three planes one
    ///     after the other.
    ///   - quantized: `width * height` pixels, true where glass was predicted, where that is known better than from the softness; the
    ///     threshold is then 0.5.
    ///   - predictedClasses: `width * height` classes, 0 background, 1 things, 2 stuff, where the model tells them apart.
    ///   - truth: `width * height` classes, numbered likewise.
    ///   - threshold: the softness above which a pixel counts as glass.
    /// - Throws: ``MetricsError`` when an array has another length, a softness is outside 0 to 1 or not a number, or a class
    ///   is above 2.
    public init(
        prediction: [Float], quantized: [Bool]? = nil, predictedClasses: [UInt8]? = nil, truth: [UInt8], width: Int,
        height: Int, threshold: Double = 0.5
    ) throws {
        let count = try checkedPixelCount(width: width, height: height)
        guard prediction.count == count || prediction.count == 3 * count else {
            throw MetricsError.wrongLength(
                what: "The prediction", found: prediction.count, expected: "\(count) or \(3 * count)")
        }
        if let quantized, quantized.count != count {
            throw MetricsError.wrongLength(
                what: "The quantized prediction", found: quantized.count, expected: "\(count)")
        }
        try checkClasses(truth, "The ground truth", count: count)
        if let predictedClasses { try checkClasses(predictedClasses, "The predicted classes", count: count) }
        if let bad = prediction.firstIndex(where: { !($0 >= 0 && $0 <= 1) }) {
            throw MetricsError.softnessOutOfRange(value: prediction[bad], index: bad)
        }

        let plane = prediction.count == count ? 0 : count
        var (above, half) = (BinaryCounts(), BinaryCounts())
        var (squared, absolute) = (0.0, 0.0)
        var histograms = [Int](repeating: 0, count: 512)
        var confusion = [Int](repeating: 0, count: 9)
        for index in 0..<count {
            let isGlass = truth[index] > 0
            let target = isGlass ? 1.0 : 0.0
            let red = Double(prediction[index])
            let green = Double(prediction[index + plane])
            let blue = Double(prediction[index + 2 * plane])
            let soft = plane == 0 ? red : (red + green + blue) / 3
            squared += (red - target) * (red - target)
            squared += (green - target) * (green - target)
            squared += (blue - target) * (blue - target)
            absolute += abs(soft - target)
            above.add(predicted: quantized?[index] ?? (soft > threshold), truth: isGlass)
            half.add(predicted: quantized?[index] ?? (soft >= 0.5), truth: isGlass)
            histograms[(isGlass ? 0 : 256) + Int(255 * soft + 0.5)] += 1
            if let predictedClasses { confusion[3 * Int(truth[index]) + Int(predictedClasses[index])] += 1 }
        }
        self.init(
            width: width, height: height, aboveThreshold: above, fromHalf: half, squaredErrorSum: squared,
            absoluteErrorSum: absolute, glassHistogram: Array(histograms[..<256]),
            otherHistogram: Array(histograms[256...]), classConfusion: predictedClasses == nil ? nil : confusion)
    }
}

/// The number of pixels of a picture; throws ``MetricsError/invalidSize(width:height:)`` when a side is below 1.
func checkedPixelCount(width: Int, height: Int) throws -> Int {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, count <= Int(Int32.max) else {
        throw MetricsError.invalidSize(width: width, height: height)
    }
    return count
}

/// Throws ``MetricsError`` unless `classes` has `count` values of 0 to 2.
func checkClasses(_ classes: [UInt8], _ what: String, count: Int) throws {
    guard classes.count == count else {
        throw MetricsError.wrongLength(what: what, found: classes.count, expected: "\(count)")
    }
    if let bad = classes.firstIndex(where: { $0 > 2 }) {
        throw MetricsError.unknownClass(what: what, value: classes[bad], index: bad)
    }
}
