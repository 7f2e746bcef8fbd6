import Files
public import Foundation

/// The secret that callers show.
public enum AccessToken {
    /// The environment variable that holds it.
    public static let variable = "TRANSEG_TOKEN"

    /// The token of a file, or else of the environment; nil where there is neither.
    ///
    /// - Parameters:
    ///   - file: A file that holds the token and nothing else but white space around it.
    ///   - environment: Where ``variable`` is looked up when there is no file.
    /// - Throws: ``ServiceError`` where the file cannot be read, others may read it, or either is empty.
    public static func find(
        file: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> String? {
        guard let file else {
            guard let text = environment[variable] else { return nil }
            guard !text.isEmpty else { throw ServiceError("\(variable) is empty; set it to a token, or unset it") }
            return text
        }
        let data: Data
        do { data = try PlainFile.contents(of: file) } catch let error as FileReadError {
            throw ServiceError("the token file \(file) cannot be read: \(error.reason)")
        }
        let mode = (try? FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int) ?? 0
        guard mode & 0o007 == 0 else {
            throw ServiceError("everybody on this machine can read the token file \(file); run: chmod o= \(file)")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { throw ServiceError("the token file \(file) is empty") }
        return text
    }

    /// Whether two texts are the same, in a time that does not tell where they differ.
    static func isEqual(_ one: some StringProtocol, _ other: some StringProtocol) -> Bool {
        let (a, b) = (SHA256.digest(of: one.utf8), SHA256.digest(of: other.utf8))
        return zip(a.utf8, b.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
