import Files
import Foundation
import StableDiffusion3
import TransparencySegmentation

/// The output folder of a run: `checkpoint-<step>` folders, `log.jsonl` with a line for each update and validation, and in the end
/// `model/`, a folder that `transeg segment --model` takes.
public final class TrainingFolder {
    public let path: String
    private let log: FileHandle
    /// Held while the run goes on, so that no other writes into the folder.
    private let lock: Int32

    private static let logName = "log.jsonl"

    /// Makes the folder, or opens that of a run that goes on.
    ///
    /// - Parameter step: The updates before; lines of the log of later ones are taken out. nil for a new run.
    /// - Throws: ``TrainingError/outputInUse(_:)`` when a new run would meet an old one, ``TrainingError/isRunning(_:)`` when another
    ///   program is at work there; ``TrainingError/unwritable(_:reason:)``.
    public init(_ path: String, continuingAt step: Int?) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw TrainingError.unwritable(path, reason: error.localizedDescription)
        }
        let lock = open(path, O_RDONLY | O_CLOEXEC)
        guard lock >= 0 else { throw TrainingError.unwritable(path, reason: String(cString: strerror(errno))) }
        do {
            guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw TrainingError.isRunning(path) }
            log = try Self.openLog(of: path, continuingAt: step)
        } catch {
            close(lock)
            throw error
        }
        (self.path, self.lock) = (path, lock)
    }

    private static func openLog(of path: String, continuingAt step: Int?) throws -> FileHandle {
        let logPath = "\(path)/\(logName)"
        if step == nil, FileManager.default.fileExists(atPath: logPath) || !TrainingCheckpoint.all(in: path).isEmpty {
            throw TrainingError.outputInUse(path)
        }
        removeLeftovers(in: path)
        let lines = (FileManager.default.contents(atPath: logPath) ?? Data()).split(separator: UInt8(ascii: "\n"))
        let kept = lines.filter { line in
            guard let step, let head = try? JSONDecoder().decode(Head.self, from: Data(line)) else { return false }
            return head.step <= step
        }
        try AtomicFile.write(kept.flatMap { $0 + [UInt8(ascii: "\n")] }, to: logPath)
        guard let log = FileHandle(forUpdatingAtPath: logPath) else {
            throw TrainingError.unwritable(logPath, reason: "it cannot be opened")
        }
        try log.seekToEnd()
        return log
    }

    deinit { close(lock) }

    /// Removes what a killed run was in the middle of writing or removing.
    private static func removeLeftovers(in folder: String) {
        let files = FileManager.default
        for name in (try? files.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix(".\(TrainingCheckpoint.prefix)") || name.hasPrefix(".model.partial-") {
            // What cannot be removed only takes space.
            try? files.removeItem(atPath: "\(folder)/\(name)")
        }
    }

    /// What every line has.
    private struct Head: Decodable {
        let step: Int
    }

    /// Appends a line.
    public func append(_ line: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try log.write(contentsOf: encoder.encode(line) + Data("\n".utf8))
    }

    /// Removes all but the newest checkpoints and the best one.
    public func prune(keeping count: Int, best: Int?) throws {
        for checkpoint in TrainingCheckpoint.all(in: path).dropFirst(count) where checkpoint.step != best {
            try checkpoint.remove()
        }
    }

    /// Writes `model/`: the model of a checkpoint, in the form that was trained, adapters merged.
    ///
    /// Throws `ModelError` and what writing throws.
    public func writeModel(of checkpoint: TrainingCheckpoint) throws {
        let (target, staging) = ("\(path)/model", "\(path)/.model.partial-\(getpid())")
        let files = FileManager.default
        defer { try? files.removeItem(atPath: staging) }
        let form = try checkpoint.state().settings.trainedForm.transformerForm
        try checkpoint.export(to: staging, folded: form == .folded, dtype: nil)
        do {
            if files.fileExists(atPath: target) { try files.removeItem(atPath: target) }
            try files.moveItem(atPath: staging, toPath: target)
        } catch {
            throw TrainingError.unwritable(target, reason: error.localizedDescription)
        }
    }
}
