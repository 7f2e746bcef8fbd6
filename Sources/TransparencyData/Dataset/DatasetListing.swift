import Foundation
import Images
import SegmentationMetrics

/// What files a folder of pictures and one of masks hold, matched by name.
struct DatasetListing: Sendable, Equatable {
    /// Pictures that have a mask, in order.
    var pairs: [DatasetPair] = []
    /// Paths of pictures without mask, within the data set.
    var orphanPictures: [String] = []
    /// Paths of masks without picture, within the data set.
    var orphanMasks: [String] = []
    /// Of pictures without mask, and masks without picture, the file of their name that is of a format which is not read.
    var unreadFiles: [String: String] = [:]

    static func + (one: DatasetListing, other: DatasetListing) -> DatasetListing {
        var sum = one
        sum.pairs = (one.pairs + other.pairs).sorted(by: DatasetPair.isInOrder)
        sum.orphanPictures += other.orphanPictures
        sum.orphanMasks += other.orphanMasks
        sum.unreadFiles.merge(other.unreadFiles) { one, _ in one }
        return sum
    }

    /// Matches by stems, the names that pictures and masks have in common.
    ///
    /// - Parameters:
    ///   - pictures: Paths of pictures by their stems.
    ///   - masks: Paths of masks by their stems.
    ///   - unreadPictures: Files beside the pictures that are of other formats, likewise.
    ///   - unreadMasks: Files beside the masks that are of other formats, likewise.
    init(
        pictures: [String: String], masks: [String: String], unreadPictures: [String: String] = [:],
        unreadMasks: [String: String] = [:], split: Split? = nil, difficulty: Difficulty? = nil
    ) {
        for (stem, picture) in pictures {
            if let mask = masks[stem] {
                pairs.append(
                    DatasetPair(id: stem, split: split, difficulty: difficulty, picture: picture, mask: mask))
            } else {
                orphanPictures.append(picture)
                unreadFiles[picture] = unreadMasks[stem]
            }
        }
        pairs.sort(by: DatasetPair.isInOrder)
        orphanPictures.sort()
        for (stem, mask) in masks where pictures[stem] == nil {
            orphanMasks.append(mask)
            unreadFiles[mask] = unreadPictures[stem]
        }
        orphanMasks.sort()
    }

    init() {}
}
