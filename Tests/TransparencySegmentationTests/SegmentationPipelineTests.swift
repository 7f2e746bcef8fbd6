import Foundation
import Images
import Synchronization
import Testing

@testable import TransparencySegmentation

@Suite struct SegmentationPipelineTests {
    /// How many are at work at once, and how many ever were.
    private final class Gauge: Sendable {
        private let state = Mutex((now: 0, most: 0, total: 0))

        func enter() {
            state.withLock {
                $0.now += 1
                $0.total += 1
                $0.most = max($0.most, $0.now)
            }
        }

        func leave() { state.withLock { $0.now -= 1 } }
        var most: Int { state.withLock { $0.most } }
        var total: Int { state.withLock { $0.total } }
    }

    private struct Failure: Error, Equatable {
        let item: Int
    }

    private func pause(_ milliseconds: ClosedRange<Int>) async {
        try? await Task.sleep(for: .milliseconds(Int.random(in: milliseconds)))
    }

    @Test(arguments: [1, 3, 7])
    func resultsComeInOrder(batch: Int) async throws {
        let bounds = PipelineBounds(batch: batch, readAhead: 5, finishBehind: 4)
        let pipeline = SegmentationPipeline(
            Array(0..<40), bounds: bounds,
            read: { item in
                await pause(0...4)
                return item * 2
            },
            compute: { values in
                await pause(0...4)
                return values.map { $0 + 1 }
            },
            finish: { index, item, value in
                await pause(0...4)
                #expect(index == item)
                return "\(value)"
            })
        var results: [String] = []
        for await element in pipeline {
            #expect(element.index == results.count)
            results.append(try element.result.get())
        }
        #expect(results == (0..<40).map { "\($0 * 2 + 1)" })
    }

    @Test func aSlowConsumerHoldsReadingBack() async throws {
        let held = Gauge()
        let bounds = PipelineBounds(batch: 2, readAhead: 3, finishBehind: 2)
        let pipeline = SegmentationPipeline(
            Array(0..<60), bounds: bounds,
            read: { item in
                held.enter()
                return item
            }, compute: { $0 }, finish: { $2 })
        var count = 0
        for await _ in pipeline {
            await pause(2...3)
            held.leave()
            count += 1
        }
        #expect(count == 60)
        // And the one that the consumer looks at.
        #expect(held.most <= bounds.readAhead + bounds.batch + bounds.finishBehind + 1, "\(held.most)")
    }

    @Test func readingAndFinishingRunInParallelOverOneComputation() async throws {
        let (reading, computing, finishing) = (Gauge(), Gauge(), Gauge())
        let pipeline = SegmentationPipeline(
            Array(0..<24), bounds: PipelineBounds(batch: 1, readAhead: 4, finishBehind: 4),
            read: { item in
                reading.enter()
                await pause(8...8)
                reading.leave()
                return item
            },
            compute: { values in
                computing.enter()
                await pause(1...1)
                computing.leave()
                return values
            },
            finish: { _, _, value in
                finishing.enter()
                await pause(20...20)
                finishing.leave()
                return value
            })
        for await _ in pipeline {}
        // Those ahead, and those of the batch that is gathered.
        #expect((2...5).contains(reading.most), "\(reading.most)")
        #expect(computing.most == 1)
        #expect((2...5).contains(finishing.most), "\(finishing.most)")
    }

    @Test func aFailureStopsNoOther() async throws {
        let pipeline = SegmentationPipeline(
            Array(0..<12), bounds: PipelineBounds(batch: 3),
            read: { item in
                if item == 4 { throw Failure(item: item) }
                return item
            },
            compute: { values in
                if values.contains(7) { throw Failure(item: 7) }
                return values
            },
            finish: { _, _, value in
                if value == 0 { throw Failure(item: value) }
                return value
            })
        var (done, failed): ([Int], [Int]) = ([], [])
        for await element in pipeline {
            switch element.result {
            case .success(let value): done.append(value)
            case .failure(let error): failed.append(try #require(error as? Failure).item)
            }
        }
        #expect(done == [1, 2, 3, 5, 6, 8, 9, 10, 11])
        #expect(failed == [0, 4, 7])
    }

    @Test func aFailingBatchIsTriedOneByOne() async throws {
        let batches = Mutex<[[Int]]>([])
        let pipeline = SegmentationPipeline(
            Array(0..<4), bounds: PipelineBounds(batch: 4), read: { $0 },
            compute: { values in
                batches.withLock { $0.append(values) }
                if values.count > 1 { throw Failure(item: -1) }
                return values
            }, finish: { $2 })
        var results: [Int] = []
        for await element in pipeline { results.append(try element.result.get()) }
        #expect(results == [0, 1, 2, 3])
        #expect(batches.withLock { $0 } == [[0, 1, 2, 3], [0], [1], [2], [3]])
    }

    @Test(.timeLimit(.minutes(20))) func nothingGivesNothing() async throws {
        let nothing: [Int] = []
        for await _ in SegmentationPipeline(nothing, read: { $0 }, compute: { $0 }, finish: { $2 }) {
            Issue.record("there was nothing")
        }
    }

    @Test(.timeLimit(.minutes(20))) func cancellingFinishesWhatIsAtHand() async throws {
        let (begun, finished) = (Gauge(), Gauge())
        let task = Task {
            let endless = AsyncStream(unfolding: { () -> Int? in 1 })
            let pipeline = SegmentationPipeline(
                endless, bounds: PipelineBounds(batch: 2), read: { $0 },
                compute: { values in
                    for _ in values { begun.enter() }
                    await pause(2...2)
                    return values
                },
                finish: { _, _, value in
                    await pause(5...5)
                    finished.enter()
                    return value
                })
            var count = 0
            for await element in pipeline {
                _ = try element.result.get()
                count += 1
            }
            return count
        }
        while finished.total < 6 { await pause(1...1) }
        task.cancel()
        let count = try await task.value
        #expect(count >= 6)
        #expect(count == begun.total && count == finished.total)
    }

    @Test(.timeLimit(.minutes(20))) func leavingEarlyEndsTheWork() async throws {
        let read = Gauge()
        do {
            let endless = AsyncStream(unfolding: { () -> Int? in 1 })
            for await element in SegmentationPipeline(
                endless,
                read: { item in
                    read.enter()
                    return item
                }, compute: { $0 }, finish: { $2 }) where element.index == 3
            {
                break
            }
        }
        await pause(50...50)
        let total = read.total
        await pause(50...50)
        #expect(read.total == total)
    }
}

/// Batches of items that come as somebody asks.
@Suite struct BatchDelayTests {
    /// What has come is computed when the time is over, and what comes together is computed together.
    @Test func aBatchThatIsNotFullIsNotWaitedForLonger() async throws {
        let (items, input) = AsyncStream.makeStream(of: Int.self)
        var bounds = PipelineBounds(batch: 4)
        bounds.batchDelay = .milliseconds(50)
        let batches = Mutex<[Int]>([])
        let pipeline = SegmentationPipeline(
            items, bounds: bounds, read: { $0 },
            compute: { values in
                batches.withLock { $0.append(values.count) }
                return values
            }, finish: { $2 })
        var iterator = pipeline.makeAsyncIterator()
        for round in 0..<3 {
            // Nothing more comes until these are answered.
            for item in 0..<3 { input.yield(round * 3 + item) }
            for item in 0..<3 { #expect(try await iterator.next()?.result.get() == round * 3 + item) }
        }
        for item in 9..<17 { input.yield(item) }
        input.finish()
        for item in 9..<17 { #expect(try await iterator.next()?.result.get() == item) }
        #expect(await iterator.next() == nil)
        #expect(batches.withLock { $0.reduce(0, +) } == 17)
        #expect(batches.withLock { $0.suffix(2) } == [4, 4])
    }
}
