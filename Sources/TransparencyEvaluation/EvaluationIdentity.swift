import Foundation

/// What an evaluation is of: an interrupted one goes on only where nothing of this has changed.
public struct EvaluationIdentity: Codable, Equatable, Sendable {
    /// Names of what numbers depend on, such as "model", with their values.
    public var facts: [String: String]
    /// Of what the facts mean and of the counts beside them; earlier versions wrote none.
    private var formatVersion: Int? = Self.version

    static let version = 1

    enum CodingKeys: String, CodingKey {
        case facts
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

    /// What differs, one phrase each.
    func differences(from other: EvaluationIdentity) -> [String] {
        Set(facts.keys).union(other.facts.keys).sorted().compactMap { name in
            let (own, others) = (facts[name] ?? "none", other.facts[name] ?? "none")
            if let files = Self.places[name], let same = facts[files], same == other.facts[files] { return nil }
            // Earlier versions knew fewer facts.
            if own == others || other.formatVersion == nil && other.facts[name] == nil { return nil }
            let isHash = own.utf8.count == 64 && others.utf8.count == 64
            return isHash ? "the \(name) have changed" : "\(name) was \(others) and is \(own)"
        }
    }
}
