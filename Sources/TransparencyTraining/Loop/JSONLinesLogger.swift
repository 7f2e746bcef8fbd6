import Files
import Foundation
package import Torch

/// `log.jsonl`: a line for each update and validation.
@ComputeActor
package final class JSONLinesLogger: ExperimentLogger {
    package nonisolated static let name = "log.jsonl"
    private let file: GrowingFile
    /// Of a line; one that says none is of the first.
    private nonisolated static let version = 1

    /// Opens the log of a folder.
    ///
    /// - Parameter step: The updates before; lines of later ones are taken out. nil for a new run.
    /// - Throws: `FileError`; ``TrainingError/laterFormat(_:version:)``.
    package init(_ folder: String, continuingAt step: Int?) throws {
        let path = "\(folder)/\(Self.name)"
        let lines = try Self.content(of: path).split(separator: UInt8(ascii: "\n"))
        let kept = try lines.filter { line in
            guard let head = try? JSONDecoder().decode(Head.self, from: Data(line)) else { return false }
            if let version = head.version, version > Self.version {
                throw TrainingError.laterFormat(path, version: version)
            }
            return step.map { head.step <= $0 } ?? false
        }
        try AtomicFile.write(kept.flatMap { $0 + [UInt8(ascii: "\n")] }, to: path)
        file = try GrowingFile(path)
    }

    /// What every line has.
    private struct Head: Decodable {
        let step: Int
        let version: Int?

        enum CodingKeys: String, CodingKey {
            case step
            case version = "format_version"
        }
    }

    /// A record and the version.
    private struct Line: Encodable {
        let record: any TrainingRecord

        func encode(to encoder: any Encoder) throws {
            try record.encode(to: encoder)
            var container = encoder.container(keyedBy: Head.CodingKeys.self)
            try container.encode(JSONLinesLogger.version, forKey: .version)
        }
    }

    private static func content(of path: String) throws -> Data {
        do {
            return try PlainFile.contents(of: path)
        } catch let error as FileReadError {
            if error.isMissing { return Data() }
            throw FileError(path: path, reason: error.reason)
        }
    }

    package func log(update: any TrainingRecord) throws { try append(update) }
    package func log(validation: any TrainingRecord) throws { try append(validation) }

    private func append(_ record: any TrainingRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try file.append(encoder.encode(Line(record: record)) + Data("\n".utf8))
    }
}
