import Foundation
import TestSupport
import Testing
import Torch

/// Several ranks in one process, a thread each.
@Suite struct ProcessGroupTests {
    static let sizes = [1, 2, 4]

    @Test(arguments: sizes) func allReduceGivesEveryRankTheSame(size: Int) throws {
        let results = try withProcessGroups(size) { group in
            let rank = Float(group.rank)
            let sum = try Tensor([rank, 10, -rank], shape: [3])
            try group.allReduce(sum)
            let most = try Tensor([rank, -rank], shape: [2])
            try group.allReduce(most, .max)
            let least = try Tensor([rank, -rank], shape: [2]).to(.bfloat16)
            try group.allReduce(least, .min)
            return try [sum.array(), most.array(), least.to(.float32).array()] as [[Float]]
        }
        let (count, last) = (Float(size), Float(size - 1))
        let total = count * last / 2
        for result in results {
            #expect(try result.get() == [[total, 10 * count, -total], [last, 0], [0, -last]])
        }
    }

    @Test(arguments: sizes) func shardsAreGatheredAndScattered(size: Int) throws {
        let results = try withProcessGroups(size) { group in
            let shard = try Tensor([Float(group.rank), Float(group.rank) + 0.5], shape: [2])
            let flat = try Tensor.zeros([2 * group.size])
            try group.allGather(shard, into: flat)
            let gathered = try flat.array(of: Float.self)
            let part = try Tensor.zeros([2])
            try group.reduceScatter(flat, into: part)
            let room = group.rank == group.size - 1 ? try Tensor.zeros([2 * group.size]) : nil
            try group.gather(shard, into: room, at: group.size - 1)
            return (gathered, try part.array(of: Float.self), try room?.array(of: Float.self))
        }
        let whole = (0..<size).flatMap { [Float($0), Float($0) + 0.5] }
        for (rank, result) in results.enumerated() {
            let (gathered, part, room) = try result.get()
            #expect(gathered == whole)
            #expect(part == whole[rank * 2..<rank * 2 + 2].map { $0 * Float(size) })
            #expect(room == (rank == size - 1 ? whole : nil))
        }
    }

    /// Sums of four depend on their order: every sharding must see the same.
    @Test func reduceScatterGivesTheBitsOfAllReduce() throws {
        let results = try withProcessGroups(4) { group in
            let values = try Tensor.randn([4 * 1009], seed: UInt32(group.rank))
            let (sum, flat) = (try values.clone(), try values.clone())
            try group.allReduce(sum)
            let shard = try Tensor.zeros([1009])
            try group.reduceScatter(flat, into: shard)
            let own = try sum.narrow(0, start: group.rank * 1009, length: 1009).array(of: Float.self)
            return try (sum.array(of: Float.self), own == shard.array(of: Float.self))
        }
        let first = try results[0].get().0
        for result in results {
            let (sum, isSame) = try result.get()
            #expect(isSame)
            #expect(sum == first)
        }
    }

    @Test(arguments: sizes) func broadcastAndValues(size: Int) throws {
        let results = try withProcessGroups(size) { group in
            let tensor = try Tensor([Int64(group.rank)], shape: [1])
            try group.broadcast(tensor, from: group.size - 1)
            let bytes = [UInt8](repeating: UInt8(group.rank), count: group.rank * 3)
            let all = try group.allGather(bytes)
            let atRoot = try group.gather(bytes)
            let last = try group.broadcast(bytes, from: group.size - 1)
            try group.barrier()
            let sums = try group.allReduce([1, Double(group.rank)])
            return (try tensor.array(of: Int64.self), all, atRoot, last, sums)
        }
        let wanted = (0..<size).map { [UInt8](repeating: UInt8($0), count: $0 * 3) }
        for (rank, result) in results.enumerated() {
            let (tensor, all, atRoot, last, sums) = try result.get()
            #expect(tensor == [Int64(size - 1)])
            #expect(all == wanted)
            #expect(atRoot == (rank == 0 ? wanted : nil))
            #expect(last == wanted[size - 1])
            #expect(sums == [Double(size), Double(size * (size - 1) / 2)])
        }
    }

    @Test func severalCollectivesRunAtOnce() throws {
        let results = try withProcessGroups(2) { group in
            let tensors = try (0..<8).map { try Tensor.full([1 << 16], Double($0 + group.rank)) }
            let works = try tensors.map { try group.beginAllReduce($0) }
            for work in works.reversed() { try work.wait() }
            return try tensors.map { try $0.narrow(0, start: 77, length: 1).item() }
        }
        for result in results { #expect(try result.get() == (0..<8).map { Double(2 * $0 + 1) }) }
    }

    @Test func unevenShardsAreRefused() throws {
        let results = try withProcessGroups(2) { group in
            let (shard, flat) = (try Tensor.zeros([3]), try Tensor.zeros([7]))
            #expect(throws: TorchError.self) { try group.allGather(shard, into: flat) }
            #expect(throws: TorchError.self) { try group.reduceScatter(flat, into: shard) }
            #expect(throws: TorchError.self) { try group.allGather(shard, into: Tensor.zeros([6], dtype: .bfloat16)) }
            let slanted = try Tensor.zeros([4, 4]).transpose(0, 1)
            #expect(throws: TorchError.self) { try group.allReduce(slanted) }
            // Nothing was sent: the group is as it was.
            return try group.allReduce([1])
        }
        for result in results { #expect(try result.get() == [2]) }
    }

    @Test func whoWaitsForARankThatDoesNotComeIsTold() throws {
        let results = try withProcessGroups(2, timeout: .seconds(2)) { group in
            guard group.rank == 0 else { return Thread.sleep(forTimeInterval: 9) }
            let error = #expect(throws: TorchError.self) { try group.allReduce(Tensor.zeros([5])) }
            // What is asked of it then does not wait again.
            let start = ContinuousClock.now
            let again = #expect(throws: TorchError.self) { try group.barrier() }
            #expect(again?.description == error?.description && ContinuousClock.now - start < .seconds(2))
            throw try #require(error)
        }
        let error = #expect(throws: TorchError.self) { try results[0].get() }
        #expect(error?.kind == .collective)
        #expect(error?.description.hasSuffix("; all other ranks still run") == true)
        #expect(error?.description.hasPrefix("all-reduce of float32 [5]: rank 0 of 2, which waits up to 2 s") == true)
    }

    @Test func aPeerThatLeavesEndsTheOthersAtOnce() throws {
        let start = ContinuousClock.now
        let results = try withProcessGroups(3, timeout: .seconds(60)) { group in
            if group.rank == 1 { return }
            for _ in 0..<100 { try group.allReduce(Tensor.zeros([5])) }
        }
        for rank in [0, 2] {
            let error = #expect(throws: TorchError.self) { try results[rank].get() }
            #expect(error?.kind == .collective)
            // On a machine under load others may be late with theirs too.
            let text = error?.description ?? ""
            #expect(text.contains("no sign of life") && text.contains(/ranks? [0-9, ]*1/), "\(text)")
        }
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    /// One that leaves while others are still connecting to each other would close connections under them.
    @Test func whoHasJoinedMayLeaveAtOnce() throws {
        for _ in 0..<20 {
            for result in try withProcessGroups(7, { _ in }) { try result.get() }
        }
    }

    @Test func aRankThatNeverJoinsIsNamed() throws {
        let store = try ProcessGroupStore.inMemory()
        let error = #expect(throws: TorchError.self) {
            _ = try ProcessGroup(store, rank: 0, size: 3, timeout: .seconds(1))
        }
        #expect(error?.description == "joining: rank 0 of 3 waited 1 s for rank 1, 2")
    }
}
