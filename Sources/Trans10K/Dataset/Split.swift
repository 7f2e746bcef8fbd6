/// What pictures of a data set are for.
public enum Split: String, CaseIterable, Codable, Sendable, CodingKeyRepresentable {
    case train, validation, test
}

/// How hard it is to find the glass in a picture; Trans10K says so of validation and test pictures.
public enum Difficulty: String, CaseIterable, Codable, Sendable, CodingKeyRepresentable {
    case easy, hard
}
