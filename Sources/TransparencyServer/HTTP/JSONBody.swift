#if Service
import Foundation
import HTTPTypes

/// Requests' bodies of JSON.
enum JSONBody {
    /// Decodes a body. Throws ``Problem`` that names the place of the fault.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some DataProtocol) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw Problem(.unprocessableContent, "the body is not as expected: \(sentence(error))")
        }
    }

    private static func sentence(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "\(key.stringValue) is missing\(place(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "it is no JSON of the kind that Docs/service.md describes"
                : "there is something else than expected\(place(context))"
        @unknown default: "it cannot be read"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: ".")
        return path.isEmpty ? "" : " at \(path.prefix(100))"
    }
}

/// Text, or whatever else JSON has in its place.
struct TextIfAny: Decodable {
    let text: String?

    init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
}
#endif
