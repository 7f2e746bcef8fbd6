import Foundation

/// Another of the processes that compute together failed, and said why.
package struct OtherRankError: Error, Equatable, CustomStringConvertible, LocalizedError {
    package let rank: Int
    package let reason: String

    package var description: String { "rank \(rank) failed: \(reason)" }
    package var errorDescription: String? { description }
}
