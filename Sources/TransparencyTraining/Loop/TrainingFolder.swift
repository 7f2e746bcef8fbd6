import Files
import Foundation
import TransparencySegmentation

/// The output folder of a run: `checkpoint-<step>` folders, `log.jsonl` with a line for each update and validation, and in the end
/// `model/`, a folder that `transeg segment --model` takes. It is locked for as long as this lives.
package final class TrainingFolder: Sendable {
    package let path: String
    /// Held while the run goes on, so that no other writes into the folder.
    private let lock: FolderLock

    package static let modelName = "model"

    /// Makes the folder, or takes one that is there and mends what a killed run left in the middle of writing.
    ///
    /// - Throws: ``TrainingError/isRunning(_:)`` when another program is at work there; `FileError`.
    package init(_ path: String) throws {
        try makeFolder(path)
        self.path = path
        do {
            lock = try FolderLock(path)
        } catch is FolderLock.Taken {
            throw TrainingError.isRunning(path)
        }
        removeLeftovers()
    }

    /// Why nothing keeps other programs from writing here; nil where the folder is locked.
    package var warning: String? { lock.warning(for: path) }

    /// Throws ``TrainingError/outputInUse(_:)`` where there is a run.
    package func checkIsFree() throws {
        let hasLog = FileManager.default.fileExists(atPath: "\(path)/\(JSONLinesLogger.name)")
        guard !hasLog, FolderCheckpointStore(path).steps.isEmpty else { throw TrainingError.outputInUse(path) }
    }

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
