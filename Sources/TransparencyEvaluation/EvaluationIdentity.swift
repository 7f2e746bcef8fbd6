import Foundation
import SegmentationMetrics

/// What an evaluation is of: an interrupted one goes on only where nothing of this has changed.
public struct EvaluationIdentity: Codable, Equatable, Sendable {
    /// Names of what numbers depend on, such as "model", with their values.
    public var facts: [String: String]
    /// What each picture's numbers depend on: a hash of its files by its name. Where it is there, pictures that are not scored yet may change.
    package var pictures: [String: String]?
    /// Of what the facts mean and of the counts beside them; earlier versions wrote none.
    private var formatVersion: Int? = Self.version

    static let version = 1

    enum CodingKeys: String, CodingKey {
        case facts, pictures
        case formatVersion = "format_version"
    }

    public init(facts: [String: String]) {
        self.facts = facts
    }

    /// Reads a file. Throws ``EvaluationError/malformed(path:reason:)``.
    init(data: Data, path: String) throws {
        guard let identity = try? JSONDecoder().decode(EvaluationIdentity.self, from: data) else {
            throw EvaluationError.malformed(path: path, reason: "it is not what an evaluation writes there")
        }
        if let version = identity.formatVersion, version > Self.version {
            throw EvaluationError.malformed(
                path: path, reason: "its format is \(version), of a later version of transeg")
        }
        self = identity
    }

    /// Facts that say where files are, and those that tell the same files wherever they are.
    private static let places = [
        "model": "weights", "predictions": "prediction files", "ground truth": "prediction files",
    ]

    /// Facts about all files together.
    private static let ofAllFiles: Set = ["files", "plan", "prediction files"]

    /// What a record or an item is known by among ``pictures``.
    static func name(_ id: String, _ difficulty: Difficulty?) -> String {
        (difficulty.map { "\($0.rawValue)/" } ?? "") + id
    }

    /// What differs, one phrase each.
    ///
    /// - Parameter scored: The names of pictures whose numbers are to be kept; nil for all.
    func differences(from other: EvaluationIdentity, scored: [String]?) -> [String] {
        guard let pictures, let others = other.pictures else { return differences(from: other, without: []) }
        let names = scored ?? Set(pictures.keys).union(others.keys).sorted()
        let changed = names.filter { pictures[$0] != others[$0] }
        let phrase = changed.first.map {
            "the files or repairs of \(changed.count) scored \(changed.count == 1 ? "picture" : "pictures") have changed, such as \($0)"
        }
        return differences(from: other, without: Self.ofAllFiles) + [phrase].compactMap(\.self)
    }

    private func differences(from other: EvaluationIdentity, without ignored: Set<String>) -> [String] {
        Set(facts.keys).union(other.facts.keys).subtracting(ignored).sorted().compactMap { name in
            let (own, others) = (facts[name] ?? "none", other.facts[name] ?? "none")
            if let files = Self.places[name],
                ignored.contains(files) || facts[files].map({ $0 == other.facts[files] }) == true
            {
                return nil
            }
            // Earlier versions knew fewer facts.
            if own == others || other.formatVersion == nil && other.facts[name] == nil { return nil }
            let isHash = own.utf8.count == 64 && others.utf8.count == 64
            return isHash ? "the \(name) have changed" : "\(name) was \(others) and is \(own)"
        }
    }
}
