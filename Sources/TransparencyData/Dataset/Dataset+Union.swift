import Files
import Foundation
import SegmentationMetrics

/// One of several data sets that are read as one.
struct DatasetPart: Sendable {
    /// The beginning of its pictures' paths in the whole, before a slash: the folder's name, with a number where that is taken.
    let label: String
    let dataset: Dataset
    /// How often each of its training pictures comes in an epoch.
    let weight: Int
}

extension Dataset {
    /// Several data sets as one, in their order. Pictures are known by their data set's folder name and their path in it.
    ///
    /// - Parameters:
    ///   - datasets: At least one, none a union itself.
    ///   - weights: How often each training picture of each data set comes in an epoch, from 1 on; nil for once each.
    package init(union datasets: [Dataset], weights: [Int]? = nil) {
        var labels: Set<String> = []
        let parts = datasets.enumerated().map { index, dataset -> DatasetPart in
            let name = URL(fileURLWithPath: dataset.root).standardized.lastPathComponent
            let label = ([name] + (2...datasets.count + 1).map { "\(name)-\($0)" }).first { labels.insert($0).inserted }
            return DatasetPart(label: label ?? name, dataset: dataset, weight: weights?[index] ?? 1)
        }
        self.init(parts: parts)
    }

    /// The pairs of all data sets that have the split, those of training as often as their weights say.
    ///
    /// - Throws: ``DatasetError``; where no data set has the split, the first one's.
    func unionPairs(_ split: Split?, difficulty: Difficulty?) throws -> [DatasetPair] {
        var (pairs, missing) = ([DatasetPair](), nil as DatasetError?)
        for part in parts {
            do {
                let own = try part.dataset.pairs(split, difficulty: difficulty)
                for _ in 0..<(split == .train ? part.weight : 1) { pairs += own.map { $0.labeled(part.label) } }
            } catch let error as DatasetError {
                switch error {
                case .noSplit(_, let split?, let present) where !present.isEmpty && split != .train:
                    missing = missing ?? error
                case .noPictures(_, _, .some): missing = missing ?? error
                default: throw error
                }
            }
        }
        if pairs.isEmpty, let missing { throw missing }
        return pairs
    }

    /// The data set that a path in this one is of, and the path there.
    private func part(of path: String) -> (dataset: Dataset, path: String)? {
        guard let slash = path.firstIndex(of: "/") else { return nil }
        return parts.first { $0.label == path[..<slash] }.map {
            ($0.dataset, String(path[path.index(after: slash)...]))
        }
    }

    /// Where a file is.
    package func file(_ path: String) -> String {
        if let part = part(of: path) { return part.dataset.file(part.path) }
        return "\(root)/\(path)"
    }
}

extension DatasetPair {
    /// As it is known in a union.
    fileprivate func labeled(_ label: String) -> DatasetPair {
        var pair = DatasetPair(
            id: "\(label)-\(id)", split: split, difficulty: difficulty, picture: "\(label)/\(picture)",
            mask: "\(label)/\(mask)")
        pair.repairs = repairs
        return pair
    }
}
