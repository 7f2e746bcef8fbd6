import Files
import Foundation
package import Torch

/// `log.jsonl`: a line for each update and validation.
@ComputeActor
package final class JSONLinesLogger: ExperimentLogger {
    package nonisolated static let name = "log.jsonl"
    private let file: FileHandle

    /// Opens the log of a folder.
    ///
    /// - Parameter step: The updates before; lines of later ones are taken out. nil for a new run.
    /// - Throws: `FileError`.
    package init(_ folder: String, continuingAt step: Int?) throws {
        let path = "\(folder)/\(Self.name)"
        let lines = (FileManager.default.contents(atPath: path) ?? Data()).split(separator: UInt8(ascii: "\n"))
        let kept = lines.filter { line in
            guard let step, let head = try? JSONDecoder().decode(Head.self, from: Data(line)) else { return false }
            return head.step <= step
        }
        try AtomicFile.write(kept.flatMap { $0 + [UInt8(ascii: "\n")] }, to: path)
        guard let file = FileHandle(forUpdatingAtPath: path) else {
            throw FileError(path: path, reason: "it cannot be opened")
        }
        try file.seekToEnd()
        self.file = file
    }

    /// What every line has.
    private struct Head: Decodable {
        let step: Int
    }

    package func log(update: any TrainingRecord) throws { try append(update) }
    package func log(validation: any TrainingRecord) throws { try append(validation) }

    private func append(_ record: any TrainingRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try file.write(contentsOf: encoder.encode(record) + Data("\n".utf8))
    }
}
