/// The three steps of a ``SegmentationPipeline`` and what runs them.
struct PipelineSteps<Item: Sendable, Loaded: Sendable, Computed: Sendable, Output: Sendable>: Sendable {
    typealias Element = SegmentationPipeline<Item, Output>.Element

    let bounds: PipelineBounds
    let pixels: @Sendable (Item) -> Int
    let read: @Sendable (Item) async throws -> Loaded
    let compute: @Sendable ([Loaded]) async throws -> [Computed]
    let finish: @Sendable (Int, Item, Computed) async throws -> Output

    /// An item whose picture is being read.
    private struct Reading: Sendable {
        let index: Int
        let item: Item
        let pixels: Int
        let task: Task<Loaded, any Error>
    }

    /// What the reader hands on.
    private enum Message: Sendable {
        case reading(Reading)
        /// What follows belongs to another pass. Only of batches that are not full, whose pictures are large.
        case endOfBatch
    }

    /// Puts the results of all items into `results`, in order, until they are done or the task is cancelled.
    func run<Items: AsyncSequence & Sendable>(
        _ items: Items, into results: BoundedChannel<Task<Element, Never>>
    ) async where Items.Element == Item, Items.Failure == Never {
        let readings = BoundedChannel<Message>(limit: bounds.readAhead)
        let budget = PixelBudget(limit: bounds.pixels)
        let reader = Task {
            var index = 0
            var batch = (count: 0, pixels: 0)
            for await item in items {
                if Task.isCancelled { break }
                let pixels = pixels(item)
                // By sizes alone, so that batches do not depend on timing.
                if batch.count > 0, batch.pixels + pixels > bounds.pixels / 2 {
                    await readings.send(.endOfBatch)
                    batch = (0, 0)
                }
                await budget.take(pixels)
                if Task.isCancelled { break }
                await readings.send(
                    .reading(Reading(index: index, item: item, pixels: pixels, task: Task { try await read(item) })))
                index += 1
                batch = batch.count + 1 < bounds.batch ? (batch.count + 1, batch.pixels + pixels) : (0, 0)
            }
            readings.finish()
        }
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                let batch = await next(of: readings)
                // What was only read when somebody asked to stop is dropped.
                if batch.isEmpty || Task.isCancelled { break }
                for element in await computed(batch, budget) { await results.send(element) }
            }
        } onCancel: {
            reader.cancel()
            budget.close()
            readings.finish()
        }
        reader.cancel()
        budget.close()
        readings.close()
        results.finish()
    }

    /// The next batch, whose pictures are all read; an item that could not be read has its place in it.
    private func next(of readings: BoundedChannel<Message>) async -> [(Reading, Result<Loaded, any Error>)] {
        var members: [Reading] = []
        var deadline: ContinuousClock.Instant?
        while members.count < bounds.batch, let message = await readings.receive(until: deadline) {
            guard case .reading(let reading) = message else {
                if members.isEmpty { continue }
                break
            }
            members.append(reading)
            deadline = deadline ?? bounds.batchDelay.map { .now + $0 }
        }
        var batch: [(Reading, Result<Loaded, any Error>)] = []
        for member in members { batch.append((member, await member.task.result)) }
        return batch
    }

    /// Computes a batch and sets going what is left to do with its members.
    private func computed(
        _ batch: [(Reading, Result<Loaded, any Error>)], _ budget: PixelBudget
    ) async -> [Task<Element, Never>] {
        var values = await values(of: batch.compactMap { try? $0.1.get() }).makeIterator()
        return batch.map { reading, loaded in
            let value = loaded.flatMap { _ in values.next() ?? .failure(CancellationError()) }
            return Task {
                let (item, index) = (reading.item, reading.index)
                defer { budget.give(reading.pixels) }
                do {
                    let output = try await finish(index, item, value.get())
                    return Element(index: index, item: item, result: .success(output))
                } catch {
                    return Element(index: index, item: item, result: .failure(error))
                }
            }
        }
    }

    /// The values of pictures; one picture of a batch may be to blame for a failure, or the batch be too large for the memory.
    private func values(of pictures: [Loaded]) async -> [Result<Computed, any Error>] {
        guard !pictures.isEmpty else { return [] }
        do {
            let values = try await compute(pictures)
            precondition(values.count == pictures.count, "a pass gives a value for each picture")
            return values.map { .success($0) }
        } catch {
            guard pictures.count > 1 else { return [.failure(error)] }
            var results: [Result<Computed, any Error>] = []
            for picture in pictures { results += await values(of: [picture]) }
            return results
        }
    }
}
