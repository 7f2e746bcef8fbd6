/// The processes of a run, each of which knows its rank; without a group one alone, which is rank 0 of 1.
///
/// What is done here all of them do at the same time, in the same order.
package struct Ranks: Sendable {
    package let group: ProcessGroup?
    /// What started them; nil of one that was started alone.
    package let launch: LaunchEnvironment?

    package init(_ group: ProcessGroup? = nil, launch: LaunchEnvironment? = nil) {
        (self.group, self.launch) = (group, launch)
    }

    /// How many of them share the memory of this machine.
    package var sizeOnMachine: Int { launch?.localWorldSize ?? size }

    package var rank: Int { group?.rank ?? 0 }
    package var size: Int { group?.size ?? 1 }
    /// Whether this is the one that does what one has to do for all.
    package var isFirst: Bool { rank == 0 }
    /// Of an error at hand, whether all of them have one and can still do something together.
    package var haveFailedTogether: Bool { group?.hasFailedTogether ?? true }

    /// This rank's part of a list, whose elements go to the ranks in turn.
    package func share<Element>(of list: [Element]) -> [Element] {
        stride(from: rank, to: list.count, by: size).map { list[$0] }
    }

    /// What each has to say, by ranks.
    package func gather(_ bytes: [UInt8]) throws -> [[UInt8]] { try group?.allGather(bytes) ?? [bytes] }

    /// What the first rank has to say.
    package func broadcast(_ bytes: [UInt8]) throws -> [UInt8] { try group?.broadcast(bytes) ?? bytes }

    /// Each rank's numbers, by ranks.
    package func gather(_ values: [Double]) throws -> [[Double]] {
        guard let group else { return [values] }
        var all = [Double](repeating: 0, count: size * values.count)
        all.replaceSubrange(rank * values.count..<(rank + 1) * values.count, with: values)
        let sums = try group.allReduce(all)
        return (0..<size).map { Array(sums[$0 * values.count..<($0 + 1) * values.count]) }
    }

    /// Whether something holds on all ranks.
    package func all(_ holds: Bool) throws -> Bool { try gather([holds ? 1.0 : 0]).allSatisfy { $0 == [1] } }

    /// Does something on each rank, which must not have to wait for others. Where it fails on one, this throws on all.
    ///
    /// - Throws: The own error; else ``OtherRankError`` of the first rank that failed.
    package func agree<R>(_ body: () throws -> R) throws -> R { try agree(Result { try body() }) }

    /// The same of what has been done.
    package func agree<R>(_ result: Result<R, any Error>) throws -> R {
        guard group != nil else { return try result.get() }
        var reason: [UInt8] = []
        if case .failure(let error) = result { reason = Array("\(error)".utf8) }
        let reasons = try gather(reason)
        guard let other = reasons.firstIndex(where: { !$0.isEmpty }) else { return try result.get() }
        group?.setFailedTogether(true)
        _ = try result.get()
        throw OtherRankError(rank: other, reason: String(decoding: reasons[other], as: UTF8.self))
    }

    /// Throws an error that every rank throws at this place.
    package func fail(_ error: any Error) throws -> Never {
        group?.setFailedTogether(true)
        throw error
    }

    /// Does something on the first rank alone, and waits for it. Throws as ``agree(_:)``.
    package func first<R>(_ body: () throws -> R) throws -> R? { try agree { isFirst ? try body() : nil } }
}
