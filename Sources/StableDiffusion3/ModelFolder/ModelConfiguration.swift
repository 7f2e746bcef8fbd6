import Files
import Foundation

/// A model's `config.json`, read so that nothing which changes numbers is overlooked.
protocol ModelConfiguration: Decodable, Sendable {
    associatedtype Keys: CodingKey & CaseIterable
    /// Whether a key that is not in `Keys` is an error. Keys that begin with an underscore are diffusers' notes to
    /// itself and a null changes nothing; any other may ask for something that would give other numbers.
    static var refusesUnknownKeys: Bool { get }
    /// Throws a ``ConfigurationProblem`` when a value is one that the model here does not have.
    func validate() throws
}

/// A value of a `config.json` that this package cannot follow.
struct ConfigurationProblem: Error {
    let key: String
    let found: String
    let expected: String
}

/// The object of a configuration's content, where readers of JSON cannot differ on it. Throws ``ModelError``.
private func jsonObject(_ data: Data, file path: String) throws -> [String: Any] {
    // Python writes numbers that JSON has not, and the two readers here say different things of them.
    let text = String(decoding: data, as: UTF8.self)
    if let number = text.firstMatch(of: /[:\[,]\s*-?(NaN|Infinity)\b/) {
        throw ModelError.configuration(file: path, "it has \(number.1), and a finite number was expected")
    }
    guard let content = try? JSONSerialization.jsonObject(with: data) else {
        throw ModelError.configuration(file: path, "the file is not valid JSON; fetch or write it again")
    }
    guard let object = content as? [String: Any] else {
        throw ModelError.configuration(file: path, "the file is not a JSON object")
    }
    if let key = duplicateKey(inJSON: data) {
        throw ModelError.configuration(file: path, "it has \(key) twice; remove one of the two")
    }
    return object
}

/// The `_class_name` of a configuration's content; nil where it has none. Throws ``ModelError`` when it is no text.
func configurationClass(of data: Data, file path: String) throws -> String? {
    struct ClassName: Decodable {
        let className: String?
        enum CodingKeys: String, CodingKey { case className = "_class_name" }
    }
    _ = try jsonObject(data, file: path)
    do {
        return try JSONDecoder().decode(ClassName.self, from: data).className
    } catch let error as DecodingError {
        throw ModelError.configuration(file: path, error.sentence)
    }
}

extension ModelConfiguration {
    static var refusesUnknownKeys: Bool { true }

    /// Decodes and checks the content of a file; `path` is named in errors. Throws ``ModelError``.
    static func decode(_ data: Data, file path: String) throws -> Self {
        let object = try jsonObject(data, file: path)
        let known = Set(Keys.allCases.map(\.stringValue))
        for (key, value) in object.sorted(by: { $0.key < $1.key })
        where refusesUnknownKeys && !known.contains(key) && !key.hasPrefix("_") && !(value is NSNull) {
            throw ModelError.configuration(
                file: path, "the key \(key) (\(value)) is not known, and a model that heeds it gives other numbers")
        }
        do {
            let configuration = try JSONDecoder().decode(Self.self, from: data)
            try configuration.validate()
            return configuration
        } catch let problem as ConfigurationProblem {
            throw ModelError.configuration(
                file: path, "\(problem.key) is \(problem.found); expected \(problem.expected)")
        } catch let error as DecodingError {
            throw ModelError.configuration(file: path, error.sentence)
        }
    }

    /// Throws unless a number lies in a range.
    func require(_ value: Int, in range: ClosedRange<Int>, _ key: String) throws {
        try require(range.contains(value), key, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }

    /// Throws unless the condition holds.
    func require(_ condition: Bool, _ key: String, _ found: Any, _ expected: String) throws {
        if !condition { throw ConfigurationProblem(key: key, found: "\(found)", expected: expected) }
    }
}

extension DecodingError {
    /// Which key is wrong, and how.
    fileprivate var sentence: String {
        func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        return switch self {
        case .typeMismatch(let type, let context): "\(name(context.codingPath)) is not of type \(type)"
        case .valueNotFound(let type, let context): "\(name(context.codingPath)) is null; expected \(type)"
        case .keyNotFound(let key, _): "the key \(key.stringValue) is missing"
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            "the file is not valid JSON, or a number is not of the kind that its key takes, such as a whole one"
        case .dataCorrupted(let context): "\(name(context.codingPath)): \(context.debugDescription)"
        @unknown default: "\(self)"
        }
    }
}
