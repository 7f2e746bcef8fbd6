public import Foundation
public import SegmentationMetrics

/// Why a data set, a pair of it or a plan cannot be used. Each description is one sentence for the person who has the files.
public enum DatasetError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// There is nothing at the path.
    case missing(String)
    /// A folder is there but cannot be listed.
    case unreadableFolder(String, reason: String)
    /// The split, or any at all when it is nil, has no folders; `present` has some.
    case noSplit(root: String, split: Split?, present: [Split])
    /// A split has no pictures of the difficulty, or makes no difference.
    case noPictures(root: String, split: Split?, difficulty: Difficulty?)
    /// A pattern of files has not one star in its file name.
    case badPattern(String)
    /// No file in the data set fits the pattern.
    case noMatch(root: String, pattern: String)
    /// Both patterns are of the same files, so that pictures would be their own masks.
    case samePictures(root: String, images: String, masks: String)
    /// Two files of a folder have the same name but for the suffix.
    case sameName(String, String)
    /// Pictures have no mask; `example` is one of them, `unread` a file of its mask's name that is of no format which is read.
    case picturesWithoutMask(count: Int, example: String, unread: String?)
    /// A mask has a size that its picture has in no orientation.
    case sizeMismatch(picture: String, pictureSize: String, mask: String, maskSize: String, isTurned: Bool)
    /// What a mask's samples mean is not known; `stored` tells their depth and values.
    case unclearMask(String, stored: String, doubt: MaskDoubt)
    /// Pairs cannot be read, or do not fit; a sentence for each.
    case unusable(root: String, faults: [String])
    /// A repair plan is no plan.
    case badPlan(String, reason: String)
    /// A repair plan names a picture that is not there.
    case planOfOtherData(picture: String)

    public var description: String {
        switch self {
        case .missing(let path): "there is no file or folder \(path)"
        case .unreadableFolder(let path, let reason): "the folder \(path) cannot be read: \(reason)"
        case .noSplit(let root, let split?, let present):
            "\(root) has no split \(split): neither \(split)/images with \(split)/masks nor \(split)/easy and \(split)/hard "
                + "with them is there"
                + (present.isEmpty ? "" : "; it has \(present.map(\.rawValue).joined(separator: " and "))")
        case .noSplit(let root, nil, _):
            "\(root) is not laid out as Trans10K or GDD is: there is no train/images with train/masks, train/image with train/mask, validation/easy or the like; "
                + "for other folders give patterns of images and masks"
        case .noPictures(let root, let split, let difficulty):
            "\(root) has no \(difficulty.map { "\($0) " } ?? "")pictures\(split.map { " in the split \($0)" } ?? "")"
        case .badPattern(let pattern):
            "the pattern \(pattern) must be a path within the data set with one * in the file name, such as masks/*_mask.png"
        case .noMatch(let root, let pattern): "no picture in \(root) fits the pattern \(pattern)"
        case .samePictures(let root, let images, let masks):
            "the patterns \(images) and \(masks) fit the same files of \(root), so that pictures would be their own masks; give one that fits the masks alone"
        case .sameName(let one, let other):
            "\(one) and \(other) have the same name but for the suffix, or for how accents are written; take one away"
        case .picturesWithoutMask(let count, let example, let unread):
            "\(example) has no mask\(unread.map { " that is read (\($0) is none)" } ?? "")"
                + "\(count > 1 ? ", nor have \(count - 1) others" : ""); add masks, or leave such "
                + "pictures out by a plan (transeg dataset audit --repair)"
        case .sizeMismatch(let picture, let pictureSize, let mask, let maskSize, let isTurned):
            "\(mask) has \(maskSize) pixels, but its picture \(picture) has \(pictureSize)"
                + (isTurned ? ", as if one were turned" : "")
                + "; transeg dataset audit --repair makes a plan for such pairs"
        case .unclearMask(let mask, let stored, let doubt): "\(mask) (\(stored)) is not understood: \(doubt.text)"
        case .unusable(let root, let faults):
            "\(faults.count) of the pictures cannot be used: \(Self.list(faults)); transeg dataset audit \(root) --repair plan.json makes a "
                + "plan that leaves such pictures out, and --plan plan.json applies it"
        case .badPlan(let path, let reason): "\(path) is not a repair plan: \(reason)"
        case .planOfOtherData(let picture):
            "the repair plan speaks of \(picture), which the data set does not have; was it made for another?"
        }
    }

    /// As many as a person reads.
    private static func list(_ faults: [String]) -> String {
        let shown = faults.prefix(10).joined(separator: "; ")
        return faults.count > 10 ? "\(shown); and \(faults.count - 10) more" : shown
    }

    public var errorDescription: String? { description }
}
