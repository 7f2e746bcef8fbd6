import Files
public import Foundation

extension Metrics {
    /// The content of `metrics.json`: the same metrics give the same bytes.
    public func jsonData() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// Writes `metrics.json`, in one step. Throws `FileError`.
    public func write(to path: String) throws {
        try AtomicFile.write(Array(jsonData()), to: path)
    }

    /// Reads a `metrics.json`. Throws ``MetricsError/unreadable(path:reason:)`` and ``MetricsError/malformed(path:reason:)``.
    public init(contentsOf path: String) throws {
        let data = try contents(of: path)
        do {
            let version = try JSONDecoder().decode(Head.self, from: data).formatVersion
            guard (1...Self.formatVersion).contains(version) else {
                throw MetricsError.malformed(
                    path: path,
                    reason: "its format_version is \(version), and this program reads 1 to \(Self.formatVersion)")
            }
            self = try JSONDecoder().decode(Metrics.self, from: data)
        } catch let error as DecodingError {
            throw MetricsError.malformed(path: path, reason: reason(of: error))
        }
    }
}

/// What every version of the file has.
private struct Head: Decodable {
    let formatVersion: Int

    enum CodingKeys: String, CodingKey {
        case formatVersion = "format_version"
    }
}

/// A file's bytes; throws ``MetricsError/unreadable(path:reason:)``.
func contents(of path: String) throws -> Data {
    do {
        return try PlainFile.contents(of: path)
    } catch let error as FileReadError {
        let reason = error.isMissing ? "there is no such file" : error.code == EISDIR ? "it is a folder" : error.reason
        throw MetricsError.unreadable(path: path, reason: reason)
    }
}

/// What is wrong and where, such as "protocols.original.images is missing".
private func reason(of error: DecodingError) -> String {
    func place(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
        let path = (context.codingPath + (last.map { [$0] } ?? [])).map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "the file" : path
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context, key)) is missing"
    case .valueNotFound(_, let context): return "\(place(context)) is null"
    case .typeMismatch(let type, let context): return "\(place(context)) is not of type \(type)"
    case .dataCorrupted(let context) where context.codingPath.isEmpty: return "it is not JSON"
    case .dataCorrupted(let context): return "\(place(context)) is not valid"
    @unknown default: return "it cannot be decoded"
    }
}
