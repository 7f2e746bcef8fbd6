import Foundation
import SegmentationMetrics

/// Where a data set keeps its pictures and masks.
public enum DatasetLayout: Sendable, Equatable {
    /// Trans10K's folders, each with `images/N.jpg` and `masks/N_mask.png`, or with `image/N.jpg` and `mask/N.png` as the data sets of glass surfaces
    /// have them (GDD, GSD, HSO and Trans10K-Stuff, which have `train` and `test`): `train`; `validation/easy`, `validation/hard`,
    /// `test/easy` and `test/hard`, or `validation` and `test` themselves, or `validation_easy`, `test_hard` and so on.
    /// Where a merged folder stands beside divided ones, as in some copies, the divided ones are read.
    case trans10K
    /// One folder of pictures and one of masks, by patterns with one `*` in the file name, such as `photos/*.jpg` and
    /// `labels/*_mask.png`; what the stars stand for must be the same.
    case patterns(images: String, masks: String)

    /// The files of a split, or of all when `split` is nil. Throws ``DatasetError``.
    func listing(of split: Split?, in root: String) throws -> DatasetListing {
        switch self {
        case .trans10K:
            return try folders(of: split, in: root).reduce(DatasetListing()) { listing, folder in
                let images = DatasetFolder(root: root, path: "\(folder.path)/\(folder.names.images)")
                let masks = DatasetFolder(root: root, path: "\(folder.path)/\(folder.names.masks)")
                return try listing
                    + DatasetListing(
                        pictures: images.files(by: Self.stem), masks: masks.files(by: Self.maskStem),
                        unreadPictures: images.unreadFiles(by: Self.stem),
                        unreadMasks: masks.unreadFiles(by: Self.maskStem), split: folder.split,
                        difficulty: folder.difficulty)
            }
        case .patterns(let images, let masks):
            let (imagePattern, maskPattern) = try (FilePattern(images), FilePattern(masks))
            var (pictures, masks) = try (imagePattern.files(in: root), maskPattern.files(in: root))
            // In one folder the narrower pattern tells its files from the other's.
            let (picturePaths, maskPaths) = (Set(pictures.values), Set(masks.values))
            if picturePaths == maskPaths, !picturePaths.isEmpty {
                throw DatasetError.samePictures(root: root, images: imagePattern.text, masks: maskPattern.text)
            }
            if maskPaths.isStrictSubset(of: picturePaths) {
                pictures = pictures.filter { !maskPaths.contains($0.value) }
            } else if picturePaths.isStrictSubset(of: maskPaths) {
                masks = masks.filter { !picturePaths.contains($0.value) }
            }
            let listing = DatasetListing(
                pictures: pictures, masks: masks, unreadPictures: try imagePattern.unreadFiles(in: root),
                unreadMasks: try maskPattern.unreadFiles(in: root))
            guard !listing.pairs.isEmpty || !listing.orphanPictures.isEmpty else {
                throw DatasetError.noMatch(root: root, pattern: images)
            }
            return listing
        }
    }

    private struct Folder {
        let path: String
        let split: Split
        let difficulty: Difficulty?
        /// Of its subfolders.
        let names: (images: String, masks: String)
    }

    /// What the subfolders are called, Trans10K's names first.
    private static let subfolders = [(images: "images", masks: "masks"), (images: "image", masks: "mask")]

    /// Throws ``DatasetError/noSplit(root:split:present:)`` when there are none.
    private func folders(of split: Split?, in root: String) throws -> [Folder] {
        let folders = (split.map { [$0] } ?? Split.allCases).flatMap { Self.presentFolders(of: $0, in: root) }
        guard !folders.isEmpty else {
            let present = Split.allCases.filter { !Self.presentFolders(of: $0, in: root).isEmpty }
            throw DatasetError.noSplit(root: root, split: split, present: present)
        }
        return folders
    }

    /// The folders of a split that are there with both of their subfolders.
    private static func presentFolders(of split: Split, in root: String) -> [Folder] {
        let divided = Difficulty.allCases.flatMap { difficulty in
            ["/", "_"].compactMap { present(split.rawValue + $0 + difficulty.rawValue, split, difficulty, in: root) }
        }
        return divided.isEmpty ? [present(split.rawValue, split, nil, in: root)].compactMap(\.self) : divided
    }

    /// nil where the folder, or one of its subfolders, is not there.
    private static func present(
        _ path: String, _ split: Split, _ difficulty: Difficulty?, in root: String
    ) -> Folder? {
        subfolders.first { names in
            [names.images, names.masks].allSatisfy { DatasetFolder(root: root, path: "\(path)/\($0)").exists }
        }.map { Folder(path: path, split: split, difficulty: difficulty, names: $0) }
    }

    private static func stem(_ name: String) -> String { (name as NSString).deletingPathExtension }

    /// `N` of `N_mask.png`, and of `N.png` as some copies have it.
    private static func maskStem(_ name: String) -> String {
        let stem = stem(name)
        return stem.hasSuffix("_mask") ? String(stem.dropLast("_mask".count)) : stem
    }
}
