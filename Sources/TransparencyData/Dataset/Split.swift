/// What pictures of a data set are for.
public enum Split: String, CaseIterable, Codable, Sendable, CodingKeyRepresentable {
    case train, validation, test
}
