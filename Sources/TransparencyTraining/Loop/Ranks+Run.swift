import Files
import Foundation
import Torch

extension Ranks {
    /// Whether this launch has begun a run in a folder before, in processes that it then started anew.
    func hasBegun(_ folder: String) throws -> Bool {
        let has = try first { try group?.launchStore?.has(Self.key(folder)) ?? false }
        return try broadcast([has == true ? 1 : 0]) == [1]
    }

    /// Notes that this launch has begun a run in a folder. One process says it.
    func noteBegun(_ folder: String) throws { try group?.launchStore?.set(Self.key(folder), "") }

    private static func key(_ folder: String) -> String { "begun/\(absolutePath(folder))" }
}
