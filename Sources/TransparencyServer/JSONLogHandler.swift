#if Service
import Files
import Foundation
public import Logging

/// Writes a line of JSON for each event to standard error: `time`, `level`, `message`, and the metadata by their names.
public struct JSONLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel = Logger.Level.info
    private let write: @Sendable ([UInt8]) -> Void

    public init() {
        // A line that cannot be written is lost, for nothing may depend on the log.
        self.init { bytes in _ = bytes.withUnsafeBytes { writeAll($0, to: STDERR_FILENO) } }
    }

    init(write: @escaping @Sendable ([UInt8]) -> Void) { self.write = write }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(Field.init)
        fields["time"] = .text(Date.now.ISO8601Format(.iso8601(timeZone: .gmt, includingFractionalSeconds: true)))
        fields["level"] = .text(event.level.rawValue)
        fields["message"] = .text(event.message.description)
        if let error = event.error { fields["error"] = .text("\(error)") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(fields) else { return }
        write(Array(line) + [10])
    }

    private enum Field: Encodable {
        case text(String)
        case number(Double)
        case list([Field])
        case object([String: Field])

        init(_ value: Logger.MetadataValue) {
            switch value {
            case .string(let text): self = .text(text)
            case .stringConvertible(let value):
                switch value {
                case let number as Int: self = .number(Double(number))
                case let number as Double where number.isFinite: self = .number(number)
                default: self = .text(value.description)
                }
            case .array(let values): self = .list(values.map(Field.init))
            case .dictionary(let values): self = .object(values.mapValues(Field.init))
            }
        }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .text(let text): try text.encode(to: encoder)
            case .number(let number):
                if let whole = Int(exactly: number) {
                    try whole.encode(to: encoder)
                } else {
                    try number.encode(to: encoder)
                }
            case .list(let fields): try fields.encode(to: encoder)
            case .object(let fields): try fields.encode(to: encoder)
            }
        }
    }
}
#endif
