import Files
import Foundation
import Images

/// What a look at one pair gave; its pixels are let go.
struct PairInspection: Sendable {
    let pair: DatasetPair
    private(set) var faults: [AuditFault] = []
    /// Of the picture as it is read; nil when it cannot be.
    private(set) var size: (width: Int, height: Int)?
    /// The share of the mask's pixels that are glass.
    private(set) var glassShare = 0.0
    private(set) var fileHash: String?
    private(set) var look: PictureLook?
    /// How the mask was understood; nil when it was not.
    private(set) var reading: MaskReading?

    init(of pair: DatasetPair, root: String) {
        self.pair = pair
        let reader = PairReader(root: root, masks: MaskReader())
        var readable = pair
        // A repairable fault is repaired here, so that what lies behind it is found too.
        while true {
            do {
                look(at: try reader.read(readable), turnIsKnown: readable.repairs != pair.repairs)
                break
            } catch let error as DatasetError {
                let action = proposal(for: error, readable, root: root)
                add(error.auditKind, "\(error.auditDetail)", action)
                guard let action, action != .exclude, !readable.repairs.contains(action) else { return }
                readable.repairs.append(action)
            } catch {
                add(.unreadable, "\(error)", .exclude)
                return
            }
        }
        do {
            fileHash = try SHA256.digest(ofFile: "\(root)/\(pair.picture)")
        } catch {
            add(.unreadable, "\(error)", .exclude)
        }
    }

    private mutating func add(
        _ kind: AuditFault.Kind, _ detail: String, _ action: RepairPlan.Action? = nil, isNote: Bool = false
    ) {
        faults.append(
            AuditFault(kind, picture: pair.picture, mask: pair.mask, detail, action: action, isNote: isNote))
    }

    private mutating func look(at sample: DatasetSample, turnIsKnown: Bool) {
        let (picture, mask) = (sample.picture, sample.mask)
        reading = sample.reading
        size = (picture.width, picture.height)
        look = PictureLook(picture)
        let glassCount = mask.pixels.count { $0 > 0 }
        glassShare = Double(glassCount) / Double(mask.pixels.count)
        switch sample.orientation {
        case .none: break
        case .stored: add(.turnedByEXIF, "the mask fits the picture as it is stored", isNote: true)
        case .upright: add(.turnedByEXIF, "the mask fits the picture as it is shown, upright", isNote: true)
        case .undecided:
            add(
                .undecidedOrientation,
                "the mask's size fits the picture as stored and as shown, and the content does not decide",
                .readAsStored)
        }
        if glassCount == 0 { add(.emptyMask, "there is no glass", isNote: true) }
        if glassCount == mask.pixels.count { add(.fullMask, "all of the picture is glass", isNote: true) }
        guard !turnIsKnown, let turn = BoundaryAgreement(picture: picture).betterTurn(of: mask) else { return }
        add(
            .turned,
            "the mask fits \(turn.degrees) degrees further clockwise, by \(turn.advantageText) standard errors",
            turn.action)
    }

    /// What would make a pair readable.
    private func proposal(for error: DatasetError, _ pair: DatasetPair, root: String) -> RepairPlan.Action? {
        guard let file = try? ImageReader().readStored(contentsOf: "\(root)/\(pair.mask)") else { return .exclude }
        switch error {
        case .unclearMask(_, _, let doubt): return StoredMask(file).repair(for: doubt)
        case .sizeMismatch:
            guard let (stored, _) = try? ImageReader().readAsStored(contentsOf: "\(root)/\(pair.picture)"),
                let mask = try? ClassMask(file, name: pair.mask, repairs: pair.repairs + [.nearestColors]).classes
            else { return .exclude }
            if (mask.height, mask.width) == (stored.width, stored.height) {
                return BoundaryAgreement(picture: stored).quarterTurn(of: mask) ?? .exclude
            }
            let proportions = Double(mask.width * stored.height) / Double(mask.height * stored.width)
            return abs(proportions - 1) < 0.01 ? .resizeMask : .exclude
        default: return .exclude
        }
    }
}

extension DatasetError {
    fileprivate var auditKind: AuditFault.Kind {
        switch self {
        case .unclearMask(_, _, .foreignColors): .foreignColors
        case .unclearMask: .unclearMask
        case .sizeMismatch: .sizeMismatch
        default: .unreadable
        }
    }

    /// Without the paths, which stand beside it, and the advice to run an audit.
    fileprivate var auditDetail: String {
        switch self {
        case .unclearMask(_, let stored, .foreignColors(let count, let found, let x, let y)):
            "\(stored): \(count) pixels are neither black, red nor white, such as \(found) at x \(x), y \(y)"
        case .unclearMask(_, let stored, let doubt): "\(stored): \(doubt.text)"
        case .sizeMismatch(_, let pictureSize, _, let maskSize, _):
            "the picture has \(pictureSize) pixels, the mask \(maskSize)"
        default: description
        }
    }
}
