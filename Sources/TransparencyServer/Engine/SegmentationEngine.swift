#if Service
import Foundation
import Images
import Metrics
import ServiceLifecycle
import Synchronization
import TransparencySegmentation

/// The one queue before the model: bounded, computed in batches, drained when the service stops.
///
/// A request's picture is looked at (its header) before it is accepted, decoded ahead of its pass, computed with those that came within
/// ``ServiceSettings/batchDelay``, and its result is made on the pool too. All of that is a ``SegmentationPipeline``; what is accepted here is
/// answered, whatever becomes of it.
final class SegmentationEngine: Service {
    /// A picture with its mask.
    struct Segmented: Sendable {
        let picture: Image
        let mask: SoftMask
        let timings: Timings

        func segmentation(threshold: Float) -> Segmentation {
            Segmentation(mask, threshold: threshold, timings: timings)
        }
    }

    private struct Job: Sendable {
        let picture: EncodedPicture
        let pixels: Int
        let accepted: ContinuousClock.Instant
        /// Whether somebody still waits.
        let isWanted: @Sendable () -> Bool
        /// Makes the result and gives it; called once.
        let finish: @Sendable (Result<Segmented, any Error>) async -> Void
    }

    private struct State {
        var acceptedCount = 0
        var isClosed = false
        /// Of the last pictures, the seconds from one to the next while there was work.
        var secondsPerPicture = 1.0
    }

    let predictor: any MaskPredictor
    private let settings: ServiceSettings
    private let metrics: ServiceMetrics
    private let pool: WorkPool
    private let jobs: AsyncStream<Job>
    private let input: AsyncStream<Job>.Continuation
    private let state = Mutex(State())

    init(predictor: any MaskPredictor, settings: ServiceSettings, metrics: ServiceMetrics, pool: WorkPool) {
        (self.predictor, self.settings, self.metrics, self.pool) = (predictor, settings, metrics, pool)
        (jobs, input) = AsyncStream.makeStream(of: Job.self)
    }

    /// Whether another picture would be accepted.
    var hasRoom: Bool { state.withLock { !$0.isClosed && $0.acceptedCount < settings.queueLimit } }

    /// Segments a picture and makes something of it on the pool.
    ///
    /// - Parameters:
    ///   - deadline: When the request's time is over.
    ///   - make: Makes the result; may block.
    /// - Throws: ``Problem`` where the queue is full or the time is over, and what else is wrong with the picture or the pass.
    func segment<R: Sendable>(
        _ picture: EncodedPicture, deadline: ContinuousClock.Instant, make: @escaping @Sendable (Segmented) throws -> R
    ) async throws -> R {
        try accept()
        let answer = Answer<R>()
        let job: Job
        do {
            let limit = settings.pixelLimit
            let pixels = try await pool.run { try picture.pixelCount(limit: limit) }
            job = Job(
                picture: picture, pixels: pixels, accepted: .now, isWanted: { answer.isWanted },
                finish: { [pool] result in
                    do {
                        let segmented = try result.get()
                        answer.give(.success(try await pool.run { try make(segmented) }))
                    } catch {
                        answer.give(.failure(error))
                    }
                })
        } catch {
            release()
            throw error
        }
        input.yield(job)
        do {
            return try await withDeadline(deadline) { try await answer.value() }
        } catch is DeadlinePassed {
            metrics.timedOut.increment()
            throw Problem.outOfTime(settings.timeout)
        }
    }

    private func accept() throws {
        let (isIn, waiting, seconds) = state.withLock { state in
            let isIn = !state.isClosed && state.acceptedCount < settings.queueLimit
            if isIn { state.acceptedCount += 1 }
            return (isIn, state.acceptedCount, state.secondsPerPicture)
        }
        metrics.waiting.set(Int64(waiting))
        guard isIn else {
            metrics.rejected.increment()
            throw Problem.busy(retryAfter: seconds * Double(waiting) / 2)
        }
    }

    private func release() {
        metrics.waiting.set(
            Int64(
                state.withLock { state in
                    state.acceptedCount -= 1
                    return state.acceptedCount
                }))
    }

    // MARK: - Work

    /// Works until the service stops, and then until all that was accepted is answered.
    func run() async throws {
        await withGracefulShutdownHandler {
            await work()
        } onGracefulShutdown: {
            self.close()
        }
    }

    /// Accepts nothing more; ``work()`` ends when it is done with what was accepted.
    func close() {
        state.withLock { $0.isClosed = true }
        input.finish()
    }

    func work() async {
        var bounds = PipelineBounds(batch: settings.batch, finishBehind: max(4, settings.batch))
        bounds.batchDelay = settings.batch > 1 ? settings.batchDelay : nil
        bounds.pixels = max(settings.pixelLimit, 1 << 27)
        let pipeline = SegmentationPipeline(
            jobs, bounds: bounds, pixels: { $0.pixels }, read: { try await self.read($0) },
            compute: { try await self.compute($0) },
            finish: { _, job, segmented in
                await job.finish(.success(segmented))
                self.release()
            })
        for await element in pipeline {
            guard case .failure(let error) = element.result else { continue }
            await element.item.finish(.failure(error))
            release()
        }
    }

    private typealias Loaded = (job: Job, picture: Image)

    private func read(_ job: Job) async throws -> Loaded {
        guard job.isWanted() else { throw CancellationError() }
        let limit = settings.pixelLimit
        return (job, try await pool.run { try job.picture.decoded(pixelLimit: limit) })
    }

    private func compute(_ loaded: [Loaded]) async throws -> [Segmented] {
        // Nobody waits for any of them; a batch of which only some are wanted is computed whole.
        guard loaded.contains(where: { $0.job.isWanted() }) else { throw CancellationError() }
        let start = ContinuousClock.now
        for (job, _) in loaded { metrics.wait.recordSeconds((start - job.accepted).seconds) }
        metrics.batchSize.record(Int64(loaded.count))
        let predictions = try await predictor.predict(loaded.map(\.picture), size: settings.size, at: [.picture])
        let seconds = (ContinuousClock.now - start).seconds / Double(loaded.count)
        state.withLock { $0.secondsPerPicture = 0.8 * $0.secondsPerPicture + 0.2 * seconds }
        metrics.compute.recordSeconds(seconds)
        return try zip(loaded, predictions).map { loaded, prediction in
            guard let mask = prediction.atPicture else { throw SegmentationError.size("the model gave no mask") }
            return Segmented(picture: loaded.picture, mask: mask, timings: prediction.timings)
        }
    }
}
#endif
