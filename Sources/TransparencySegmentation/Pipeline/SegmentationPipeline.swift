import Foundation
public import Images

/// How many pictures a ``SegmentationPipeline`` holds at once.
public struct PipelineBounds: Sendable, Equatable {
    /// Pictures in one pass.
    public var batch: Int
    /// Pictures that are read, at once, before they are computed.
    public var readAhead: Int
    /// Results that are finished, such as written, at once after they are computed.
    public var finishBehind: Int
    /// Pixels of the pictures that are held at once at most, where the size of a picture is known before it is read; half of them in one pass.
    /// A picture that is larger is held alone.
    public var pixels = 1 << 28
    /// How long a batch that has its first picture waits for more before it is computed as it is; nil until it is full or no more items come.
    /// For items that come as somebody asks: which of them share a pass then depends on timing.
    public var batchDelay: Duration?

    /// - Parameters:
    ///   - batch: Pictures that are computed in one pass, from 1 on.
    ///   - readAhead: nil for as many as a pass takes and as there are processors, but no more than 8 beyond a pass.
    ///   - finishBehind: nil for the same.
    public init(batch: Int = 1, readAhead: Int? = nil, finishBehind: Int? = nil) {
        let usual = max(batch, min(ProcessInfo.processInfo.activeProcessorCount, 8))
        (self.batch, self.readAhead) = (max(1, batch), max(1, readAhead ?? usual))
        self.finishBehind = max(1, finishBehind ?? usual)
    }
}

/// Reads pictures ahead in parallel, computes them in batches one after the other, and finishes results behind in parallel.
///
/// ```swift
/// let masks = SegmentationPipeline(frames, predictor: segmenter) { try await $0.image() }
/// for await mask in masks {
///     print(mask.index, try mask.result.get().transparentShare)
/// }
/// ```
///
/// - Results come in the order of the items, whatever order reading and finishing end in, and do not depend on timing.
/// - An item that fails is a result that is a failure, and no other item is touched by it: a batch that fails is computed again picture by picture.
/// - At most `readAhead + batch + finishBehind` pictures are held, besides the one that the caller looks at: while the caller is slow, nothing is
///   read. Memory does not depend on how many items there are.
/// - Where sizes are known beforehand, large pictures are held one or a few at a time (``PipelineBounds/pixels``).
/// - Cancelling the task that iterates finishes the batch at hand and what was computed before it; then the sequence ends. What was only read is
///   dropped.
///
/// Work begins with the first iteration; each iteration begins anew.
public struct SegmentationPipeline<Item: Sendable, Output: Sendable>: AsyncSequence, Sendable {
    /// What became of an item.
    public struct Element: Sendable {
        /// The item's place in the input, from 0.
        public let index: Int
        public let item: Item
        public let result: Result<Output, any Error>
    }

    private let start: @Sendable (BoundedChannel<Task<Element, Never>>) -> Task<Void, Never>
    private let bounds: PipelineBounds

    /// A pipeline of three steps of one's own.
    ///
    /// - Parameters:
    ///   - items: What names a picture: a URL, a frame, a pair of a data set. Asked for the next only when there is room.
    ///   - bounds: How many pictures are read ahead, computed together and finished behind.
    ///   - read: Makes a picture of an item, on any thread.
    ///   - compute: Turns the pictures of one batch into as many values, in order; called for one batch at a time.
    ///   - finish: Turns a value into the result, on any thread; the first argument is the item's place in the input.
    public init<Items: AsyncSequence & Sendable, Loaded: Sendable, Computed: Sendable>(
        _ items: Items, bounds: PipelineBounds = PipelineBounds(),
        read: @escaping @Sendable (Item) async throws -> Loaded,
        compute: @escaping @Sendable ([Loaded]) async throws -> [Computed],
        finish: @escaping @Sendable (Int, Item, Computed) async throws -> Output
    ) where Items.Element == Item, Items.Failure == Never {
        self.init(items, bounds: bounds, pixels: { _ in 0 }, read: read, compute: compute, finish: finish)
    }

    /// As the other initializer, of items whose pictures' sizes are known before they are read.
    ///
    /// - Parameters:
    ///   - items: What names a picture. Asked for the next only when there is room.
    ///   - bounds: How many pictures, and how many pixels, are held at once.
    ///   - pixels: Of an item's picture; 0 where nobody knows.
    ///   - read: Makes a picture of an item, on any thread.
    ///   - compute: Turns the pictures of one batch into as many values, in order; called for one batch at a time.
    ///   - finish: Turns a value into the result, on any thread; the first argument is the item's place in the input.
    public init<Items: AsyncSequence & Sendable, Loaded: Sendable, Computed: Sendable>(
        _ items: Items, bounds: PipelineBounds = PipelineBounds(), pixels: @escaping @Sendable (Item) -> Int,
        read: @escaping @Sendable (Item) async throws -> Loaded,
        compute: @escaping @Sendable ([Loaded]) async throws -> [Computed],
        finish: @escaping @Sendable (Int, Item, Computed) async throws -> Output
    ) where Items.Element == Item, Items.Failure == Never {
        self.bounds = bounds
        let steps = PipelineSteps(bounds: bounds, pixels: pixels, read: read, compute: compute, finish: finish)
        start = { results in Task { await steps.run(items, into: results) } }
    }

    public func makeAsyncIterator() -> Iterator {
        let results = BoundedChannel<Task<Element, Never>>(limit: bounds.finishBehind)
        return Iterator(work: Work(results: results, task: start(results)))
    }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let work: Work

        public mutating func next() async -> Element? {
            let (results, task) = (work.results, work.task)
            return await withTaskCancellationHandler {
                await results.receive()?.value
            } onCancel: {
                task.cancel()
            }
        }
    }

    /// What an iterator set going; ends when nobody iterates any more.
    fileprivate final class Work: Sendable {
        let results: BoundedChannel<Task<Element, Never>>
        let task: Task<Void, Never>

        init(results: BoundedChannel<Task<Element, Never>>, task: Task<Void, Never>) {
            (self.results, self.task) = (results, task)
        }

        deinit {
            task.cancel()
            results.close()
        }
    }
}

extension SegmentationPipeline {
    /// As the other initializer, of items that are there already.
    public init<Loaded: Sendable, Computed: Sendable>(
        _ items: [Item], bounds: PipelineBounds = PipelineBounds(),
        pixels: @escaping @Sendable (Item) -> Int = { _ in 0 },
        read: @escaping @Sendable (Item) async throws -> Loaded,
        compute: @escaping @Sendable ([Loaded]) async throws -> [Computed],
        finish: @escaping @Sendable (Int, Item, Computed) async throws -> Output
    ) {
        self.init(AsyncStream(items), bounds: bounds, pixels: pixels, read: read, compute: compute, finish: finish)
    }
}

extension AsyncStream where Element: Sendable {
    /// Elements that are there already.
    init(_ elements: [Element]) {
        self.init { continuation in
            for element in elements { continuation.yield(element) }
            continuation.finish()
        }
    }
}

extension SegmentationPipeline where Output == Segmentation {
    /// Masks of pictures as they come.
    ///
    /// - Parameters:
    ///   - items: What names a picture: a URL, a frame of a video, a request.
    ///   - predictor: What makes masks of pictures, such as a ``Segmenter``.
    ///   - size: What each picture is brought to for the model; nil for the predictor's own.
    ///   - threshold: The soft value above which a pixel counts as transparent.
    ///   - bounds: How many pictures are read ahead, computed together and finished behind.
    ///   - read: Makes a picture of an item, on any thread.
    public init<Items: AsyncSequence & Sendable>(
        _ items: Items, predictor: any MaskPredictor, size: InputSize? = nil, threshold: Float = 0.5,
        bounds: PipelineBounds = PipelineBounds(), read: @escaping @Sendable (Item) async throws -> Image
    ) where Items.Element == Item, Items.Failure == Never {
        self.init(
            items, bounds: bounds, read: read,
            compute: { try await predictor.segment($0, size: size, threshold: threshold) }, finish: { $2 })
    }
}
