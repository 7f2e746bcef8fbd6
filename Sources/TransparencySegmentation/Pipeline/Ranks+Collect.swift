import Foundation
package import Torch

extension Ranks {
    /// What the first process has.
    package func same<Value: Codable>(_ value: Value) throws -> Value {
        guard size > 1 else { return value }
        let bytes = try broadcast(isFirst ? [UInt8](JSONEncoder().encode(value)) : [])
        return try JSONDecoder().decode(Value.self, from: Data(bytes))
    }

    /// How many items a process does before it tells the first one of them.
    private static let round = 4

    /// Gathers what becomes of a list's items, which processes share in turn (``share(of:)``), on the first of them and in the list's order.
    ///
    /// The processes meet every few items, so that one which failed, was interrupted or has ended ends all.
    ///
    /// - Parameters:
    ///   - results: Of this process' share.
    ///   - count: Items of all processes.
    ///   - message: What the first process is to know of an item. An error ends the work on all.
    ///   - receive: Called on the first process with each message.
    /// - Returns: Whether all items were done; not when a process was cancelled.
    package func collect<Item, Output, Message: Codable & Sendable>(
        _ results: SegmentationPipeline<Item, Output>, count: Int,
        message: (SegmentationPipeline<Item, Output>.Element) throws -> Message,
        receive: (Message) throws -> Void
    ) async throws -> Bool {
        guard size > 1 else {
            var done = 0
            for await result in results {
                try receive(message(result))
                done += 1
            }
            return done == count
        }
        let share = stride(from: rank, to: count, by: size).map(\.self).count
        let rounds = ((count + size - 1) / size + Self.round - 1) / Self.round
        var iterator = results.makeAsyncIterator()
        for round in 0..<rounds {
            var report = Report<Message>()
            var failure: (any Error)?
            for _ in round * Self.round..<min(share, (round + 1) * Self.round) {
                guard let result = await iterator.next() else {
                    report.isCancelled = true
                    break
                }
                do { report.messages.append(try message(result)) } catch {
                    failure = error
                    break
                }
            }
            let reports = try await exchange(report)
            try agree { if isFirst { try Self.inTurn(reports.map(\.messages)).forEach(receive) } }
            try agree(failure.map { .failure($0) } ?? .success(()))
            if reports.contains(where: \.isCancelled) { return false }
        }
        return true
    }

    private struct Report<Message: Codable & Sendable>: Codable, Sendable {
        var messages: [Message] = []
        var isCancelled = false
    }

    private func exchange<Message>(_ report: Report<Message>) async throws -> [Report<Message>] {
        let bytes = [UInt8](try JSONEncoder().encode(report))
        let all = try await ComputeActor.run { try gather(bytes) }
        return try all.map { try JSONDecoder().decode(Report<Message>.self, from: Data($0)) }
    }

    /// The first of each list, then the second of each, and so on.
    private static func inTurn<Element>(_ lists: [[Element]]) -> [Element] {
        (0..<(lists.map(\.count).max() ?? 0)).flatMap { index in
            lists.compactMap { index < $0.count ? $0[index] : nil }
        }
    }
}
