public import Images
import Synchronization

/// Reads mask files, and says once of each way of reading that is a guess.
public final class MaskReader: Sendable {
    private let onGuess: @Sendable (String) -> Void
    private let told = Mutex<Set<MaskReading>>([])
    /// What other predictions say about the scale, by the bits of their samples.
    private let scales = Mutex<[Int: SoftMaskFile.Scale]>([:])

    /// Whether some prediction has a value in the upper half.
    private let hasBright = Mutex<Bool?>(nil)

    /// - Parameter onGuess: Is given a sentence the first time that masks are read in a way which is a guess; called from any thread.
    public init(onGuess: @escaping @Sendable (String) -> Void = { _ in }) { self.onGuess = onGuess }

    /// A mask on its own: one channel of 0 background, 1 things, 2 stuff. Throws ``DatasetError`` and `ImageError`.
    public func read(_ path: String) throws -> Image { try classes(path, repairs: []).classes }

    func classes(_ path: String, repairs: [RepairPlan.Action]) throws -> ClassMask {
        let mask = try ClassMask(ImageReader().readStored(contentsOf: path), name: path, repairs: repairs)
        tell(mask.reading, of: path)
        return mask
    }

    /// A predicted mask as softness: one channel or three, 0 opaque, 255 transparent.
    ///
    /// - Parameters:
    ///   - siblings: The predictions that the same program made, which tell the scale where the file itself leaves it open: a gray file whose
    ///     greatest value is 1 may hold labels, or a soft mask that sees no glass.
    ///   - isSoft: Whether the file is known to hold softness, not labels.
    /// - Throws: ``DatasetError`` and `ImageError`.
    package func softness(_ path: String, siblings: [String], isSoft: Bool) throws -> Image {
        let file = try ImageReader().readStored(contentsOf: path)
        let mask = try SoftMaskFile(file, name: path, isSoft: isSoft) {
            let scale = scale(bits: file.bits, siblings: siblings)
            return isSoft && scale <= .manyLabels ? .depth : scale
        }
        tell(mask.reading, of: path)
        if !isSoft { warn(of: mask.softness, in: file, path, siblings: siblings) }
        return mask.softness
    }

    /// Says once that no prediction has any glass at a half, as with percentages, or with labels that are too great to be told.
    private func warn(of softness: Image, in file: StoredSamples, _ path: String, siblings: [String]) {
        guard let greatest = softness.pixels.max(), (1..<128).contains(greatest), hasBright.withLock({ $0 }) == nil
        else { return }
        let others = siblings.lazy.filter { $0 != path }
        let isBright = others.contains { sibling in
            // One that cannot be read is told of where it is scored.
            let mask = (try? ImageReader().readStored(contentsOf: sibling)).map(StoredMask.init)
            return mask?.samples.contains { $0 >= 128 } ?? false
        }
        let isFirst = hasBright.withLock { known in
            defer { known = isBright }
            return known == nil
        }
        guard isFirst, !isBright else { return }
        let (value, depth) = file.wideSamples.map { (Int($0.max() ?? 0), 65535) } ?? (Int(greatest), 255)
        onGuess(
            "the greatest value of \(path) is \(value) of \(depth), and no prediction's is above a half: as softness that is no glass; "
                + "write masks of labels or percentages with \(depth) for glass")
    }

    /// Looks through the predictions until one tells.
    private func scale(bits: Int, siblings: [String]) -> SoftMaskFile.Scale {
        if let known = scales.withLock({ $0[bits] }) { return known }
        var scale = SoftMaskFile.Scale.labels
        for sibling in siblings where scale < .bytes || scale == .bytes && bits == 16 {
            // One that cannot be read is told of where it is scored.
            guard let file = try? ImageReader().readStored(contentsOf: sibling), file.bits == bits else { continue }
            scale = max(scale, SoftMaskFile.scale(of: file))
        }
        scales.withLock { $0[bits] = scale }
        return scale
    }

    private func tell(_ reading: MaskReading, of path: String) {
        guard reading.isGuess, told.withLock({ $0.insert(reading).inserted }) else { return }
        onGuess("masks such as \(path) are read so: \(reading.description)")
    }
}
