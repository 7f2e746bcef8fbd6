/// What an evaluation is of: an interrupted one goes on only where nothing of this has changed.
public struct EvaluationIdentity: Codable, Equatable, Sendable {
    /// Names of what numbers depend on, such as "model", with their values.
    public var facts: [String: String]

    public init(facts: [String: String]) {
        self.facts = facts
    }

    /// What differs, one phrase each.
    func differences(from other: EvaluationIdentity) -> [String] {
        Set(facts.keys).union(other.facts.keys).sorted().compactMap { name in
            let (own, others) = (facts[name] ?? "none", other.facts[name] ?? "none")
            return own == others ? nil : "\(name) was \(others) and is \(own)"
        }
    }
}
