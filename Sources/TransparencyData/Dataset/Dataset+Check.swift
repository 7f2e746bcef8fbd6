import Dispatch
import Files
import Images
import Synchronization

extension Dataset {
    /// Refuses pairs that cannot be used, before a long job begins with them.
    ///
    /// The heads of all files are read; whole files are decoded as far as their pictures have up to `decodedPixels` pixels together, from the
    /// first pair on.
    ///
    /// - Throws: ``DatasetError/unusable(root:faults:)`` with every pair that is bad.
    package func check(_ pairs: [DatasetPair], decodedPixels: Int = 1 << 28) throws {
        var seen: Set<DatasetPair> = []
        let pairs = pairs.filter { seen.insert($0).inserted }
        let reader = PairReader(file: { file($0) }, masks: masks)
        let found = Mutex<(pixels: [Int], faults: [Int: String])>(([Int](repeating: 0, count: pairs.count), [:]))
        func forEach(_ indices: [Int], _ look: @Sendable (DatasetPair) throws -> Int) {
            DispatchQueue.concurrentPerform(iterations: indices.count) { position in
                let index = indices[position]
                do {
                    let pixels = try look(pairs[index])
                    found.withLock { $0.pixels[index] = pixels }
                } catch {
                    found.withLock { $0.faults[index] = "\(error)" }
                }
            }
        }
        forEach(Array(pairs.indices)) { try reader.checkHeads(of: $0) }
        var rest = decodedPixels
        let sound = found.withLock { found in
            pairs.indices.filter { found.faults[$0] == nil }.prefix { index in
                rest -= found.pixels[index]
                return rest >= 0
            }
        }
        forEach(Array(sound)) {
            _ = try reader.read($0)
            return 0
        }
        let faults = found.withLock { $0.faults }
        guard faults.isEmpty else {
            throw DatasetError.unusable(root: root, faults: faults.sorted { $0.key < $1.key }.map(\.value))
        }
    }
}

extension PairReader {
    /// Reads the heads of both files; gives the picture's pixels. Throws what ``read(_:)`` throws of what heads show.
    func checkHeads(of pair: DatasetPair) throws -> Int {
        let picture = try ImageReader().readSize(contentsOf: file(pair.picture))
        let mask = try ImageReader().readSize(contentsOf: file(pair.mask))
        var (width, height) = (mask.width, mask.height)
        if pair.repairs.contains(where: { $0 == .turnMask90 || $0 == .turnMask270 }) {
            (width, height) = (height, width)
        }
        let fitsStored = (width, height) == (picture.width, picture.height)
        let fitsUpright = picture.orientation.isTransposing && (height, width) == (picture.width, picture.height)
        guard fitsStored || fitsUpright || pair.repairs.contains(.resizeMask) else {
            throw DatasetError.sizeMismatch(
                picture: file(pair.picture), pictureSize: "\(picture.width) x \(picture.height)",
                mask: file(pair.mask), maskSize: "\(width) x \(height)",
                isTurned: (height, width) == (picture.width, picture.height))
        }
        return picture.width * picture.height
    }
}
