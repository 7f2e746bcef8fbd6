/// What is counted at a picture's own resolution: the masks' pixels, and how well their boundaries lie on each other.
///
/// A boundary is the pixels of a mask that have one of their four neighbors, inside the picture, outside the mask: the
/// picture's edge is no boundary. A pixel of one boundary is matched when the other has a pixel at a Euclidean distance of at
/// most ``toleranceShare`` of the picture's diagonal.
public struct NativeCounts: Codable, Equatable, Sendable {
    /// 0.75 % of the diagonal, as Csurka et al., "What is a good evaluation measure for semantic segmentation?" (BMVC 2013),
    /// and MATLAB's `bfscore` after it.
    public static let toleranceShare = 0.0075

    /// Pixels per row.
    public var width: Int
    /// Rows.
    public var height: Int
    /// The masks' pixels.
    public var pixels: BinaryCounts
    /// Pixels of the prediction's boundary, and those of them that are matched.
    public var predictedCount: Int
    public var predictedMatchedCount: Int
    /// Pixels of the truth's boundary, and those of them that are matched.
    public var truthCount: Int
    public var truthMatchedCount: Int

    enum CodingKeys: String, CodingKey {
        case width, height, pixels
        case predictedCount = "boundary_predicted"
        case predictedMatchedCount = "boundary_predicted_matched"
        case truthCount = "boundary_truth"
        case truthMatchedCount = "boundary_truth_matched"
    }

    /// The share of the prediction's boundary that is matched; 1 when it is empty.
    public var precision: Double { rate(predictedMatchedCount, of: predictedCount) ?? 1 }

    /// The share of the truth's boundary that is matched; 1 when it is empty.
    public var recall: Double { rate(truthMatchedCount, of: truthCount) ?? 1 }

    /// The harmonic mean of precision and recall: 1 when both boundaries are empty, 0 when one is.
    public var fMeasure: Double {
        precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
    }
}

extension NativeCounts {
    /// Counts a picture: `predicted` says of each pixel, rows from top to bottom, whether it was taken for glass; `truth` has
    /// its class, 0 to 2.
    ///
    /// Throws ``MetricsError`` when an array has not `width * height` values or a class is above 2.
    public init(predicted: [Bool], truth: [UInt8], width: Int, height: Int) throws {
        let count = try checkedPixelCount(width: width, height: height)
        guard predicted.count == count else {
            throw MetricsError.wrongLength(what: "The predicted mask", found: predicted.count, expected: "\(count)")
        }
        try checkClasses(truth, "The ground truth", count: count)
        let glass = truth.map { $0 > 0 }
        var pixels = BinaryCounts()
        for (predicted, truth) in zip(predicted, glass) { pixels.add(predicted: predicted, truth: truth) }
        let predictedBoundary = Boundary(of: predicted, width: width, height: height)
        let truthBoundary = Boundary(of: glass, width: width, height: height)
        let tolerance = Self.toleranceShare * Double(width * width + height * height).squareRoot()
        self.init(
            width: width, height: height, pixels: pixels,
            predictedCount: predictedBoundary.pixels.count,
            predictedMatchedCount: predictedBoundary.countMatched(with: truthBoundary, within: tolerance),
            truthCount: truthBoundary.pixels.count,
            truthMatchedCount: truthBoundary.countMatched(with: predictedBoundary, within: tolerance))
    }
}
