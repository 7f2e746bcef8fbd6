import SegmentationMetrics

extension ProtocolName {
    /// The heading of the protocol's table.
    var heading: String {
        switch self {
        case .original: "Transparency Segmentation"
        case .translab: "TransLab"
        case .glass: "Glass detection"
        case .native: "Own resolution"
        }
    }

    /// What the numbers are, in a sentence or two.
    func explanation(hasClasses: Bool) -> String {
        switch self {
        case .original:
            "IoU, recall and squared error of each picture, with glass where the softness is above the threshold, then the "
                + "mean over pictures. Published figures are at 1024 × 1024."
        case .translab where hasClasses:
            "Pixels are pooled over all pictures, so that large glass counts for more; mIoU is the mean of things and stuff, "
                + "without the background. Published figures are at 512 × 512."
        case .translab:
            "Pixels are pooled over all pictures, so that large glass counts for more. Glass is the only class here: pooled "
                + "IoU is not TransLab's mIoU and must not be compared with it. Published figures are at 512 × 512."
        case .glass:
            "As the papers since GDNet: each picture, with glass where the softness is at least 0.5 whatever the threshold, "
                + "then the mean over pictures; Fβ is the largest over 256 thresholds."
        case .native:
            "The mask at each picture's own resolution, then the mean over pictures. Boundaries match within 0.75 % of the "
                + "picture's diagonal."
        }
    }

    /// The numbers in the order of the table's columns.
    var quantities: [Quantity] {
        switch self {
        case .original: [.iou, .recall, .mse]
        case .translab:
            [
                .pooledIoU, .meanIoU, .thingsIoU, .stuffIoU, .accuracy, .mae, .meanBER, .thingsBER, .stuffBER,
            ]
        case .glass: [.iou, .fBeta, .mae, .ber]
        case .native: [.iou, .boundaryF, .boundaryPrecision, .boundaryRecall]
        }
    }
}

extension Quantity {
    /// The heading of its column.
    var heading: String {
        switch self {
        case .iou: "IoU"
        case .recall: "Recall"
        case .mse: "MSE"
        case .pooledIoU: "Pooled IoU"
        case .meanIoU: "mIoU"
        case .thingsIoU: "IoU things"
        case .stuffIoU: "IoU stuff"
        case .accuracy: "Acc"
        case .mae: "MAE"
        case .meanBER: "mBER, %"
        case .thingsBER: "BER things, %"
        case .stuffBER: "BER stuff, %"
        case .fBeta: "Fβ"
        case .ber: "BER, %"
        case .boundaryF: "Boundary F"
        case .boundaryPrecision: "Boundary precision"
        case .boundaryRecall: "Boundary recall"
        }
    }

    /// The number as papers print it.
    func text(_ value: Double?) -> String {
        switch self {
        case .ber, .meanBER, .thingsBER, .stuffBER: ReportNumber.percent(value)
        default: ReportNumber.share(value)
        }
    }
}
