import Files
import Foundation
import Torch

extension Ranks {
    /// Whether this launch has begun a run in a folder before, in processes that it then started anew.
    func hasBegun(_ folder: String) throws -> Bool {
        let has = try first { try group?.launchStore?.has(Self.key(folder)) ?? false }
        return try broadcast([has == true ? 1 : 0]) == [1]
    }

    /// Notes that this launch has begun a run in a folder.
    func noteBegun(_ folder: String) throws {
        try first { try group?.launchStore?.set(Self.key(folder), "") }
    }

    /// Throws ``TrainingError/folderNotShared(_:rank:)`` where some process does not see what the first one writes into a folder.
    func requireShared(_ folder: String) throws {
        guard size > 1 else { return }
        // As a killed run may leave it, which the next one removes.
        let name = ".\(FolderCheckpointStore.prefix)shared-\(UUID().uuidString)"
        let path = "\(folder)/\(String(decoding: try broadcast(Array(name.utf8)), as: UTF8.self))"
        try first { try AtomicFile.write([], to: path) }
        defer { if isFirst { try? FileManager.default.removeItem(atPath: path) } }
        try agree {
            guard FileManager.default.fileExists(atPath: path) else {
                throw TrainingError.folderNotShared(folder, rank: rank)
            }
        }
    }

    private static func key(_ folder: String) -> String { "begun/\(absolutePath(folder))" }
}
