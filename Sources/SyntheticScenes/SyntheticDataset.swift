import Files
public import Foundation
import Images
import SegmentationMetrics
import Synchronization
public import TransparencyData

/// A data set of synthetic scenes in the layout of Trans10K.
///
/// Training pictures are in `train/images` with masks in `train/masks`; those of the other splits in
/// `validation/easy/images` and so on. Pictures are `N.jpg`, masks `N_mask.png` with things red, stuff white and
/// background black; N counts from 1 through all splits.
public struct SyntheticDataset: Sendable {
    /// Seed of all scenes.
    public let seed: UInt64
    /// Pixels per side.
    public let size: Int
    /// Pictures in each split.
    public let counts: [Split: Int]

    /// What is behind the glass, of which more scenes then have much; nil for drawn walls.
    public let photographs: Photographs?

    /// A data set of scenes before drawn walls.
    public init(seed: UInt64, size: Int, counts: [Split: Int]) {
        self.init(seed: seed, size: size, counts: counts, photographs: nil)
    }

    /// A data set of scenes over photographs, or without them before drawn walls.
    public init(seed: UInt64, size: Int, counts: [Split: Int], photographs: Photographs?) {
        (self.seed, self.size, self.counts, self.photographs) = (seed, size, counts, photographs)
    }

    /// Pictures in all splits.
    public var totalCount: Int { scenes.count }

    /// Draws and writes all pictures into a folder, which is made if need be and must have nothing in it.
    ///
    /// The folder appears when all is drawn; a run that ends early leaves nothing. The files' bytes do not depend on the number of threads.
    ///
    /// - Parameters:
    ///   - threadCount: pictures that are drawn at once.
    ///   - isCancelled: asked before each picture; true ends the work early.
    ///   - progress: told from any thread, one call at a time, how many pictures are complete.
    /// - Returns: how many pictures were written.
    /// - Throws: `SyntheticDatasetError`, `FileError`, `ImageError`.
    public func write(
        to folder: String, threadCount: Int = ProcessInfo.processInfo.activeProcessorCount,
        isCancelled: @escaping @Sendable () -> Bool = { false }, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> Int {
        try checkIsFree(folder)
        let staged = try StagedFolder(for: folder)
        let (scenes, staging) = (scenes, staged.path)
        let counters = Counters()
        for path in Set(scenes.map(\.folder)) {
            for kind in ["images", "masks"] { try staged.makeFolder("\(path)/\(kind)") }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, threadCount) {
                group.addTask {
                    while !Task.isCancelled, !isCancelled() {
                        let position = counters.started.add(1, ordering: .relaxed).oldValue
                        guard position < scenes.count else { return }
                        try write(scenes[position], id: position + 1, to: staging)
                        counters.done.withLock {
                            $0 += 1
                            progress($0)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let count = counters.done.withLock { $0 }
        guard count == scenes.count else { return count }
        try staged.commit(replacing: true)
        return count
    }

    /// How far the threads are.
    private final class Counters: Sendable {
        let started = Atomic(0)
        let done = Mutex(0)
    }

    /// All scenes, in the order of their ids.
    private var scenes: [SyntheticScene] {
        Split.allCases.flatMap { split in
            (0..<max(0, counts[split] ?? 0)).map {
                SyntheticScene(seed: seed, split: split, index: $0, size: size, photographs: photographs)
            }
        }
    }

    private func checkIsFree(_ folder: String) throws {
        let files = FileManager.default
        guard files.fileExists(atPath: folder) else { return }
        AtomicFile.removeLeftovers(in: folder)
        guard let content = try? files.contentsOfDirectory(atPath: folder) else {
            throw SyntheticDatasetError.notAFolder(folder)
        }
        guard content.isEmpty else { throw SyntheticDatasetError.notEmpty(folder, found: content.sorted()[0]) }
    }

    private func write(_ scene: SyntheticScene, id: Int, to folder: String) throws {
        let (picture, mask) = try scene.draw()
        // The mask first: whoever finds a picture finds its mask.
        let colored = try Image(classes: mask)
        try AtomicFile.write(colored.pngData(compression: .fast), to: "\(folder)/\(scene.folder)/masks/\(id)_mask.png")
        try AtomicFile.write(picture.jpegData(quality: 95), to: "\(folder)/\(scene.folder)/images/\(id).jpg")
    }
}

extension SyntheticScene {
    /// Where Trans10K keeps such pictures.
    fileprivate var folder: String { split == .train ? "train" : "\(split.rawValue)/\(difficulty.rawValue)" }
}

/// Why a synthetic data set cannot be written to a folder.
public enum SyntheticDatasetError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// There is something in the folder; `found` is a name.
    case notEmpty(String, found: String)
    /// It is a file, or a folder that cannot be read.
    case notAFolder(String)

    public var description: String {
        switch self {
        case .notEmpty(let path, let found):
            "\(path) has files in it, such as \(found), and nothing is overwritten; give a new or empty folder"
        case .notAFolder(let path): "\(path) is not a folder that can be read; give a new or empty folder"
        }
    }

    public var errorDescription: String? { description }
}
