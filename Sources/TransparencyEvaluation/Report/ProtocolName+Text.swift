import SegmentationMetrics

extension ProtocolName {
    /// The heading of the protocol's table.
    var heading: String {
        switch self {
        case .original: "Transparency Segmentation"
        case .translab: "TransLab"
        case .glass: "Glass detection"
        case .trans10KStuff: "Trans10K-Stuff"
        case .native: "Own resolution"
        case .calibration: "Calibration"
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
        case .trans10KStuff:
            "As papers since 2025 on Trans10K-Stuff, GDD, GSD and HSO: one class, glass where the softness is at least 0.5; each "
                + "number as the mean over pictures, and pooled, of all pixels together. Fβ is of the mask, with β² = 0.3."
        case .calibration:
            "The expected calibration error: by how much softness differs from the share of pixels that are glass, over 15 "
                + "bins of softness and all pixels together. 0 where softness is the probability of glass."
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
        case .trans10KStuff:
            [
                .iou, .fBeta, .mae, .ber, .accuracy, .pooledIoU, .pooledFBeta, .pooledMAE, .pooledBER, .pooledAccuracy,
            ]
        case .native: [.iou, .pooledIoU, .boundaryF, .boundaryPrecision, .boundaryRecall]
        case .calibration: [.ece]
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
        case .pooledFBeta: "Pooled Fβ"
        case .pooledMAE: "Pooled MAE"
        case .pooledBER: "Pooled BER, %"
        case .pooledAccuracy: "Pooled acc"
        case .ece: "ECE"
        }
    }

    /// The number as papers print it.
    func text(_ value: Double?) -> String {
        switch self {
        case .ber, .meanBER, .thingsBER, .stuffBER, .pooledBER: ReportNumber.percent(value)
        default: ReportNumber.share(value)
        }
    }
}
