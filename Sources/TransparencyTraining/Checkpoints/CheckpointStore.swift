package import Foundation
package import Torch

/// Where checkpoints are kept. Each is there whole or not at all.
package protocol CheckpointStore: Sendable {
    /// Begins to keep a checkpoint; one of the same step is replaced in the end. All ranks do this. What the contents are of may change afterwards.
    ///
    /// - Parameter room: Bytes of host memory for what waits to be written.
    func begin(_ contents: CheckpointContents, step: Int, ranks: Ranks, room: Int) throws -> PendingCheckpoint
    /// Puts other documents in the place of a checkpoint's, in one step; its tensors stay. It is as it was when this throws.
    func replace(_ documents: [String: [UInt8]], of step: Int) throws
    /// The steps of all checkpoints, the newest first.
    var steps: [Int] { get }
    /// What a checkpoint has. Throws ``TrainingError/damagedCheckpoint(_:reason:)`` or ``TrainingError/noCheckpoint(_:)``.
    func manifest(of step: Int) throws -> CheckpointManifest
    /// Checks that everything is as it was written; gives the names of the groups and documents. Throws as ``manifest(of:)``.
    ///
    /// - Parameter ranks: Each looks at its share of the files and knows nothing of the others'.
    @discardableResult
    func verify(_ step: Int, ranks: Ranks) throws -> Set<String>
    /// The tensors of a group, on the CPU.
    func tensors(_ group: String, of step: Int) throws -> [String: Tensor]
    /// Lets go of the memory that tensors take which were read here, until somebody looks at them again.
    func releasePages()
    func document(_ name: String, of step: Int) throws -> Data
    func remove(_ step: Int) throws
    /// What a checkpoint is called in messages.
    func name(of step: Int) -> String
}

extension CheckpointStore {
    /// Removes all but the newest checkpoints up to a step, and the best one.
    package func prune(keeping count: Int, upTo step: Int, best: Int?) throws {
        // Later ones are of a run that was gone back on; its first one of each step takes their place.
        for old in steps.filter({ $0 <= step }).dropFirst(count) where old != best { try remove(old) }
    }
}
