/// A way of turning counts into reported numbers.
///
/// Every number here is a function of sums over pictures: of the pictures' own scores where a protocol averages, of pixels
/// where it pools. So each protocol says what a picture adds, and what the sums give; a bootstrap sums other pictures.
protocol ScoringProtocol: Sendable {
    /// How many numbers a picture adds.
    var addendCount: Int { get }

    /// What a picture adds. The first is 1 if the picture takes part, otherwise all are 0.
    func addends(of record: ImageRecord) -> [Double]

    /// The numbers from the sums over pictures, of which one at least took part. A number that is not defined is absent.
    func scores(of sums: ArraySlice<Double>) -> [Quantity: Double]
}

/// The names of the reported numbers, as in `metrics.json`.
public enum Quantity: String, Codable, CaseIterable, Sendable, CodingKeyRepresentable {
    case iou, recall, mse
    case pooledIoU = "pooled_iou"
    case meanIoU = "miou"
    case thingsIoU = "iou_things"
    case stuffIoU = "iou_stuff"
    case accuracy = "acc"
    case mae
    case meanBER = "mber"
    case thingsBER = "ber_things"
    case stuffBER = "ber_stuff"
    case fBeta = "fbeta"
    case ber
    case boundaryF = "boundary_f"
    case boundaryPrecision = "boundary_precision"
    case boundaryRecall = "boundary_recall"
    case pooledFBeta = "pooled_fbeta"
    case pooledMAE = "pooled_mae"
    case pooledBER = "pooled_ber"
    case pooledAccuracy = "pooled_acc"
    case ece
}

/// The mean of a sum, `nil` when nothing was summed.
func mean(_ sum: Double, over count: Double) -> Double? {
    count == 0 ? nil : sum / count
}
