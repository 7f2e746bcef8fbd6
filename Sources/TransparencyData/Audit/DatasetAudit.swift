import Files
public import Foundation
import Images
public import SegmentationMetrics
import Synchronization

/// All that an audit of a data set found: the content of its JSON file.
public struct DatasetAudit: Codable, Sendable {
    /// The pictures of a split and a difficulty.
    public struct Group: Codable, Sendable, Equatable {
        public let split: Split?
        public let difficulty: Difficulty?
        public let pictures: Int
        /// Of the pictures that can be read: least, median and greatest; empty when there are none.
        public let widths: [Int]
        public let heights: [Int]
        /// The mean share of glass.
        public let glassShare: Double

        enum CodingKeys: String, CodingKey {
            case split, difficulty, pictures, widths, heights
            case glassShare = "glass_share"
        }
    }

    /// Masks that are read in one way.
    public struct Reading: Codable, Sendable, Equatable {
        public let reading: MaskReading
        public let masks: Int
        /// One of them, its path within the data set.
        public let example: String
    }

    public let formatVersion: Int
    public let groups: [Group]
    /// How masks were understood, the most frequent way first.
    public let maskReadings: [Reading]
    /// By kind, then by picture.
    public let faults: [AuditFault]

    enum CodingKeys: String, CodingKey {
        case groups, faults
        case formatVersion = "format_version"
        case maskReadings = "mask_readings"
    }

    /// Whether there is nothing but notes.
    public var isSound: Bool { faults.allSatisfy(\.isNote) }

    /// Looks at every file. With a plan the data set is seen as the plan makes it.
    ///
    /// - Parameters:
    ///   - split: nil for all.
    ///   - threadCount: Pairs that are looked at, and in memory, at once.
    ///   - isCancelled: Asked before each pair.
    ///   - progress: Told from any thread, one call at a time, how many pairs were looked at.
    /// - Returns: nil when cancelled.
    /// - Throws: ``DatasetError`` when there is no such split, or no data set.
    public static func run(
        on dataset: Dataset, split: Split? = nil, threadCount: Int,
        isCancelled: @escaping @Sendable () -> Bool = { false }, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> DatasetAudit? {
        let listing = try dataset.listing(of: split)
        let (pairs, root) = (listing.pairs, dataset.root)
        let shared = Shared()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, threadCount) {
                group.addTask {
                    while !isCancelled() {
                        let position = shared.next.add(1, ordering: .relaxed).oldValue
                        guard position < pairs.count else { return }
                        let pair = pairs[position]
                        let inspection = PixelGate.ofReaders.hold(
                            ImageReader.pixelCount(ofFile: "\(root)/\(pair.picture)")
                        ) {
                            PairInspection(of: pair, root: root)
                        }
                        shared.found.withLock {
                            $0[position] = inspection
                            progress($0.count)
                        }
                    }
                }
            }
        }
        let inspections = shared.found.withLock { found in pairs.indices.compactMap { found[$0] } }
        return inspections.count == pairs.count ? DatasetAudit(listing, inspections, root: root) : nil
    }

    /// How far the threads are.
    private final class Shared: Sendable {
        let next = Atomic(0)
        let found = Mutex<[Int: PairInspection]>([:])
    }

    private init(_ listing: DatasetListing, _ inspections: [PairInspection], root: String) {
        formatVersion = 1
        func reason(_ path: String) -> String? {
            listing.unreadFiles[path].map { unread in
                do {
                    _ = try ImageReader().readStored(contentsOf: "\(root)/\(unread)")
                    return "\(unread) has the suffix of no format that is read"
                } catch {
                    return "\(error)"
                }
            }
        }
        let orphans =
            listing.orphanPictures.map {
                AuditFault(
                    .pictureWithoutMask, picture: $0, mask: listing.unreadFiles[$0],
                    reason($0) ?? "no mask has its name", action: .exclude)
            }
            + listing.orphanMasks.map {
                AuditFault(
                    .maskWithoutPicture, picture: nil, mask: $0,
                    reason($0) ?? "no picture has its name; it is never read",
                    isNote: listing.unreadFiles[$0] == nil)
            }
        let order = Dictionary(uniqueKeysWithValues: AuditFault.Kind.allCases.enumerated().map { ($1, $0) })
        faults = (orphans + inspections.flatMap(\.faults) + DuplicateSearch(inspections).faults()).sorted {
            let (rank, otherRank) = (order[$0.kind] ?? 0, order[$1.kind] ?? 0)
            return rank == otherRank
                ? ($0.picture ?? $0.mask ?? "") < ($1.picture ?? $1.mask ?? "") : rank < otherRank
        }
        groups = Self.groups(of: inspections)
        maskReadings = Dictionary(grouping: inspections.filter { $0.reading != nil }, by: \.reading).compactMap {
            (reading, members) in
            reading.map { Reading(reading: $0, masks: members.count, example: members[0].pair.mask) }
        }.sorted { ($1.masks, $0.example) < ($0.masks, $1.example) }
    }

    private static func groups(of inspections: [PairInspection]) -> [Group] {
        let splits: [Split?] = Split.allCases + [nil]
        let difficulties: [Difficulty?] = Difficulty.allCases + [nil]
        return splits.flatMap { split in
            difficulties.compactMap { difficulty in
                let members = inspections.filter { $0.pair.split == split && $0.pair.difficulty == difficulty }
                guard !members.isEmpty else { return nil }
                let sizes = members.compactMap(\.size)
                return Group(
                    split: split, difficulty: difficulty, pictures: members.count, widths: spread(sizes.map(\.width)),
                    heights: spread(sizes.map(\.height)),
                    glassShare: members.map(\.glassShare).reduce(0, +) / Double(max(sizes.count, 1)))
            }
        }
    }

    private static func spread(_ values: [Int]) -> [Int] {
        let sorted = values.sorted()
        return sorted.isEmpty ? [] : [sorted[0], sorted[sorted.count / 2], sorted[sorted.count - 1]]
    }

    /// The plan that does what the faults propose, to be looked through by a person.
    ///
    /// - Parameter plan: The plan under which the faults were found; the new one does what that does, too.
    public func plan(after plan: RepairPlan? = nil) -> RepairPlan {
        var repairs = plan?.repairs ?? []
        for fault in faults {
            guard let action = fault.action, let picture = fault.picture else { continue }
            // A picture that is left out needs nothing else.
            if repairs.contains(where: { $0.picture == picture && $0.action == .exclude }) { continue }
            if action == .exclude { repairs.removeAll { $0.picture == picture } }
            repairs.append(.init(picture: picture, action: action, reason: fault.detail))
        }
        return RepairPlan(repairs: repairs)
    }

    /// The audit as JSON: the same data give the same bytes.
    public func jsonData() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
