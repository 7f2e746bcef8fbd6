import Images

/// Reads pictures with their masks, and settles how each picture is turned.
struct PairReader: Sendable {
    /// Where a file of the data set is.
    let file: @Sendable (String) -> String
    let masks: MaskReader

    init(root: String, masks: MaskReader) { self.init(file: { "\(root)/\($0)" }, masks: masks) }

    init(file: @escaping @Sendable (String) -> String, masks: MaskReader) { (self.file, self.masks) = (file, masks) }

    /// Throws ``DatasetError`` and `ImageError`, which name the file.
    func read(_ pair: DatasetPair) throws -> DatasetSample {
        let repairs = pair.repairs
        let (stored, orientation) = try ImageReader().readAsStored(contentsOf: file(pair.picture))
        let read = try masks.classes(file(pair.mask), repairs: repairs)
        var mask = read.classes
        for turn in repairs.compactMap(\.maskTurn) { mask = mask.turned(from: turn) }
        if repairs.contains(.resizeMask) {
            let upright = repairs.contains(.readUpright) && orientation.isTransposing
            let (width, height) = upright ? (stored.height, stored.width) : (stored.width, stored.height)
            mask = try mask.resizedNearest(width: width, height: height)
        }
        return try settled(pair, stored, orientation, mask, read.reading)
    }

    /// Chooses the orientation under which picture and mask agree.
    private func settled(
        _ pair: DatasetPair, _ stored: Image, _ orientation: Orientation, _ mask: Image,
        _ reading: MaskReading
    ) throws -> DatasetSample {
        let fitsStored = (mask.width, mask.height) == (stored.width, stored.height)
        let fitsUpright =
            (mask.width, mask.height)
            == (orientation.isTransposing ? (stored.height, stored.width) : (stored.width, stored.height))
        let choice: PairOrientation
        switch (fitsStored, fitsUpright) {
        case (false, false):
            throw DatasetError.sizeMismatch(
                picture: file(pair.picture), pictureSize: "\(stored.width) x \(stored.height)",
                mask: file(pair.mask), maskSize: "\(mask.width) x \(mask.height)",
                isTurned: (mask.height, mask.width) == (stored.width, stored.height))
        case (true, false): choice = .stored
        case (false, true): choice = .upright
        case (true, true) where orientation == .topLeft: choice = .none
        case (true, true) where pair.repairs.contains(.readUpright): choice = .upright
        case (true, true) where pair.repairs.contains(.readAsStored): choice = .stored
        case (true, true):
            let agreement = BoundaryAgreement(picture: stored)
            // Turning the mask back instead of the picture spares a second look at the picture.
            let difference = agreement.advantage(of: mask.turned(from: orientation.inverse), over: mask)
            choice =
                difference.map { abs($0) < BoundaryAgreement.decisive ? .undecided : $0 > 0 ? .upright : .stored }
                ?? .undecided
        }
        let picture = choice == .upright ? stored.turned(from: orientation) : stored
        return DatasetSample(picture: picture, mask: mask, orientation: choice, reading: reading)
    }
}

extension RepairPlan.Action {
    /// How it turns the mask, if it does.
    fileprivate var maskTurn: Orientation? {
        switch self {
        case .turnMask90: Orientation.quarterTurns[1]
        case .turnMask180: Orientation.quarterTurns[2]
        case .turnMask270: Orientation.quarterTurns[3]
        case .exclude, .readUpright, .readAsStored, .nearestColors, .labelsAsGlass, .resizeMask: nil
        }
    }
}

extension Orientation {
    /// What undoes it.
    var inverse: Orientation {
        switch self {
        case .rightTop: .leftBottom
        case .leftBottom: .rightTop
        default: self
        }
    }
}
