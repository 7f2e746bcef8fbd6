import Files
import Foundation
import Images
public import SegmentationMetrics

/// A folder of pictures and masks.
///
/// ```swift
/// let dataset = try Dataset("Trans10K", plan: RepairPlan(contentsOf: "plan.json"))
/// for pair in try dataset.pairs(.test, difficulty: .hard) {
///     let sample = try dataset.read(pair)
/// }
/// ```
public struct Dataset: Sendable {
    public let root: String
    public let layout: DatasetLayout
    public let plan: RepairPlan?
    let masks: MaskReader
    /// Of a union of data sets, in order; none of a data set by itself.
    let parts: [DatasetPart]

    /// Names a data set; only that the folder exists is checked.
    ///
    /// - Parameter masks: Reads the masks, and says what is guessed.
    /// - Throws: ``DatasetError/missing(_:)``.
    public init(
        _ root: String, layout: DatasetLayout = .trans10K, plan: RepairPlan? = nil, masks: MaskReader = MaskReader()
    ) throws {
        guard DatasetFolder(root: root, path: "").exists else { throw DatasetError.missing(root) }
        (self.root, self.layout, self.plan, self.masks) = (root, layout, plan, masks)
        parts = []
    }

    /// What readers and their notes are of all is the first one's.
    init(parts: [DatasetPart]) {
        self.parts = parts
        root = parts.map(\.dataset.root).joined(separator: " + ")
        let first = parts[0].dataset
        (layout, plan, masks) = (first.layout, first.plan, first.masks)
    }

    /// The pairs of a split in the order of their pictures' names as text, without those that the plan excludes.
    ///
    /// - Parameters:
    ///   - split: `nil` for all, and for folders by patterns, which have no splits.
    ///   - difficulty: `nil` for easy, hard and undivided ones together.
    /// - Throws: ``DatasetError``; also when a picture of the split has no mask and the plan does not exclude it.
    public func pairs(_ split: Split? = nil, difficulty: Difficulty? = nil) throws -> [DatasetPair] {
        if !parts.isEmpty { return try unionPairs(split, difficulty: difficulty) }
        let listing = try listing(of: split)
        if let example = listing.orphanPictures.first {
            throw DatasetError.picturesWithoutMask(
                count: listing.orphanPictures.count, example: "\(root)/\(example)", unread: listing.unreadFiles[example]
            )
        }
        var pairs = listing.pairs
        if let difficulty { pairs.removeAll { $0.difficulty != difficulty } }
        guard !pairs.isEmpty else {
            throw DatasetError.noPictures(root: root, split: split, difficulty: difficulty)
        }
        return pairs
    }

    /// How many pairs a split has that the plan does not exclude. Throws ``DatasetError``.
    public func pairCount(of split: Split?) throws -> Int { try listing(of: split).pairs.count }

    /// The files of a split as the plan makes it.
    func listing(of split: Split?) throws -> DatasetListing {
        var listing = try layout.listing(of: split, in: root)
        guard let plan else { return listing }
        // The plan is for the whole data set, the split a part of it.
        let everything = split == nil ? listing : try layout.listing(of: nil, in: root)
        let known = Set(everything.pairs.map(\.picture) + everything.orphanPictures)
        listing.pairs = try plan.apply(to: listing.pairs, others: known)
        let excluded = Set(plan.repairs.filter { $0.action == .exclude }.map(\.picture))
        listing.orphanPictures.removeAll(where: excluded.contains)
        return listing
    }

    /// Decodes a pair. Throws ``DatasetError`` and `ImageError`, which name the file.
    public func read(_ pair: DatasetPair) throws -> DatasetSample {
        try PairReader(file: { file($0) }, masks: masks).read(pair)
    }

    /// Of a pair's picture, by its header; 0 where it cannot be told.
    package func pixelCount(of pair: DatasetPair) -> Int {
        ImageReader.pixelCount(ofFile: file(pair.picture))
    }

    /// Tells a pair's files and their repairs apart from others. Throws as ``filesHash(of:)``.
    package func hash(of pair: DatasetPair) throws -> String {
        try filesHash(of: [pair]) + pair.repairs.map(\.rawValue).joined(separator: ",")
    }

    /// Tells lists of files apart: a SHA-256 over the pairs' paths and the files' sizes in bytes, in the order given.
    ///
    /// - Throws: ``DatasetError/missing(_:)``, and `ImageError` of a name that is not UTF-8.
    public func filesHash(of pairs: [DatasetPair]) throws -> String {
        let hash = SHA256()
        for pair in pairs {
            for name in [pair.picture, pair.mask] {
                var status = stat()
                let path = file(name)
                guard stat(path, &status) == 0 else {
                    throw FileName.isForeign(path)
                        ? ImageError.unreadable(name: path, reason: FileName.foreignReason) : DatasetError.missing(path)
                }
                Array("\(name)\t\(status.st_size)\n".utf8).withUnsafeBytes { hash.update($0) }
            }
        }
        return hash.finish()
    }
}
