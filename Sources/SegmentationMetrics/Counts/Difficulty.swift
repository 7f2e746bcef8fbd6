/// How hard it is to find the glass in a picture; Trans10K says so of validation and test pictures, by their folders.
public enum Difficulty: String, Codable, CaseIterable, Sendable, CodingKeyRepresentable {
    case easy, hard
}
