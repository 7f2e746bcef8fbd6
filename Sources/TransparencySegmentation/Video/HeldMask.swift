import Images
import Synchronization

/// Masks of every Nth frame, each held for the frames after it.
final class HeldMask: Sendable {
    private let every: Int
    private let segment: @Sendable ([Image]) async throws -> [Segmentation]
    private let last = Mutex<Segmentation?>(nil)

    init(every: Int, segment: @escaping @Sendable ([Image]) async throws -> [Segmentation]) {
        (self.every, self.segment) = (every, segment)
    }

    /// The masks of frames that follow each other, with whether each is a mask of its own. A pass that fails changes nothing.
    func masks(of frames: [(index: Int, image: Image)]) async throws -> [(mask: Segmentation, isOwn: Bool)] {
        let chosen = frames.filter { $0.index % every == 0 }
        var made = chosen.isEmpty ? [] : try await segment(chosen.map(\.image))
        made.reverse()
        return try last.withLock { last in
            try frames.map { frame in
                let isOwn = frame.index % every == 0
                if isOwn { last = made.popLast() }
                guard let mask = last else {
                    throw SegmentationError.input("there is no mask before frame \(frame.index)")
                }
                return (mask, isOwn)
            }
        }
    }
}
