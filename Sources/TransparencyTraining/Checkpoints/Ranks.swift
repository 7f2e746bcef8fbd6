import Foundation

/// The processes of a run, each of which knows its rank. One that is alone has rank 0 of 1.
///
/// What is done here all of them do at the same time, in the same order.
package struct Ranks {
    package var rank: Int { 0 }
    package var size: Int { 1 }
    /// How many of them share the memory of this machine.
    package var sizeOnMachine: Int { 1 }
    /// Whether this is the one that does what one has to do for all.
    package var isFirst: Bool { rank == 0 }

    package init() {}

    /// What each has to say, by ranks.
    func gather(_ bytes: [UInt8]) throws -> [[UInt8]] { [bytes] }

    /// Whether something holds on all ranks.
    func all(_ holds: Bool) throws -> Bool { try gather([holds ? 1 : 0]).allSatisfy { $0 == [1] } }

    /// Does something on each rank, which must not have to wait for others. Where it fails on one, this throws on all.
    ///
    /// - Throws: The own error; else ``TrainingError/otherRank(_:reason:)`` of the first rank that failed.
    func agree<R>(_ body: () throws -> R) throws -> R {
        let result = Result { try body() }
        var reason = ""
        if case .failure(let error) = result { reason = "\(error)" }
        let reasons = try gather(Array(reason.utf8))
        let value = try result.get()
        if let other = reasons.firstIndex(where: { !$0.isEmpty }) {
            throw TrainingError.otherRank(other, reason: String(decoding: reasons[other], as: UTF8.self))
        }
        return value
    }
}
