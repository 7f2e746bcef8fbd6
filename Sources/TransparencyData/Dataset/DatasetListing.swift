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

    static func + (one: DatasetListing, other: DatasetListing) -> DatasetListing {
        var sum = one
        sum.pairs = (one.pairs + other.pairs).sorted(by: DatasetPair.isInOrder)
        sum.orphanPictures += other.orphanPictures
        sum.orphanMasks += other.orphanMasks
        return sum
    }

    /// Matches by stems, the names that pictures and masks have in common.
    ///
    /// - Parameters:
    ///   - pictures: Paths of pictures by their stems.
    ///   - masks: Paths of masks by their stems.
    init(pictures: [String: String], masks: [String: String], split: Split? = nil, difficulty: Difficulty? = nil) {
        for (stem, picture) in pictures {
            if let mask = masks[stem] {
                pairs.append(
                    DatasetPair(id: stem, split: split, difficulty: difficulty, picture: picture, mask: mask))
            } else {
                orphanPictures.append(picture)
            }
        }
        pairs.sort(by: DatasetPair.isInOrder)
        orphanPictures.sort()
        orphanMasks = masks.filter { pictures[$0.key] == nil }.values.sorted()
    }

    init() {}
}
