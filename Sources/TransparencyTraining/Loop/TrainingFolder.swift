import Files
import Foundation
import TransparencySegmentation

/// The output folder of a run: `checkpoint-<step>` folders, `log.jsonl` with a line for each update and validation, and in the end
/// `model/`, a folder that `transeg segment --model` takes. It is locked for as long as this lives.
package final class TrainingFolder: Sendable {
    package let path: String
    /// Held while the run goes on, so that no other writes into the folder.
    private let lock: Int32

    package static let modelName = "model"

    /// Makes the folder, or takes that of a run that goes on.
    ///
    /// - Throws: ``TrainingError/outputInUse(_:)`` when a new run would meet an old one, ``TrainingError/isRunning(_:)`` when another
    ///   program is at work there; `FileError`.
    package init(_ path: String, isNewRun: Bool) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FileError(path: path, reason: error.localizedDescription)
        }
        let lock = open(path, O_RDONLY | O_CLOEXEC)
        guard lock >= 0 else { throw FileError(path: path, reason: String(cString: strerror(errno))) }
        (self.path, self.lock) = (path, lock)
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw TrainingError.isRunning(path) }
        let hasRun = FileManager.default.fileExists(atPath: "\(path)/\(JSONLinesLogger.name)")
        guard !isNewRun || !hasRun && FolderCheckpointStore(path).steps.isEmpty else {
            throw TrainingError.outputInUse(path)
        }
        removeLeftovers()
    }

    deinit { close(lock) }

    /// Removes what a killed run was in the middle of writing or removing.
    private func removeLeftovers() {
        StagedFolder.recoverAll(in: path)
        let files = FileManager.default
        for name in (try? files.contentsOfDirectory(atPath: path)) ?? []
        where name.hasPrefix(".\(FolderCheckpointStore.prefix)") || name.hasPrefix(".\(Self.modelName).") {
            // What cannot be removed only takes space.
            try? files.removeItem(atPath: "\(path)/\(name)")
        }
    }
}
