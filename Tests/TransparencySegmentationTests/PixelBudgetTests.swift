import Synchronization
import TestSupport
import Testing

@testable import Images
@testable import TransparencySegmentation

@Suite struct PixelBudgetTests {
    /// What is held at any moment stays within the bound, batches are the same each time, and nothing waits for ever.
    @Test(arguments: [1, 3, 8])
    func picturesAreHeldByTheirPixels(batch: Int) async throws {
        let sizes = (0..<60).map { [1, 9, 40, 100, 250][$0 * 7 % 5] }
        var batches: [[[Int]]] = []
        for _ in 0..<3 {
            let held = Mutex((now: 0, most: 0))
            let seen = Mutex<[[Int]]>([])
            var bounds = PipelineBounds(batch: batch, readAhead: 8, finishBehind: 8)
            bounds.pixels = 200
            let pipeline = SegmentationPipeline(
                sizes, bounds: bounds, pixels: { $0 },
                read: { size in
                    held.withLock { $0 = ($0.now + size, max($0.most, $0.now + size)) }
                    return size
                },
                compute: { sizes in
                    seen.withLock { $0.append(sizes) }
                    return sizes
                },
                finish: { _, _, size in
                    await Task.yield()
                    held.withLock { $0.now -= size }
                    return size
                })
            var results: [Int] = []
            for await element in pipeline { results.append(try element.result.get()) }
            #expect(results == sizes)
            // One that is larger than all is held alone.
            #expect(held.withLock { $0.most } <= 250)
            batches.append(seen.withLock { $0 })
        }
        #expect(batches[0] == batches[1] && batches[1] == batches[2])
        #expect(batches[0].allSatisfy { $0.count <= batch && ($0.count == 1 || $0.reduce(0, +) <= 100) })
    }

    @Test func aPictureThatDoesNotFitIsRefusedByItsHeader() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/picture.png"
            try Image(width: 4000, height: 3000, channels: 1, pixels: Array(repeating: 7, count: 12_000_000))
                .write(to: path)
            #expect(ImageReader.pixelCount(ofFile: path) == 12_000_000)
            #expect(ImageReader.pixelCount(ofFile: "\(folder)/none.png") == 0)
            var reader = ImageReader()
            reader.bytesPerPixel = 1 << 32
            let error = #expect(throws: ImageError.self) { try reader.read(contentsOf: path) }
            guard case .needsMemory(path, 4000, 3000, _, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect("\(error.map(String.init(describing:)) ?? "")".contains("make it smaller"))
        }
    }

    @Test func theMemoryLimitCountsThePictureItself() async throws {
        let segmenter = try await Segmenter(model: "\(goldens)/tiny-1", device: .cpu, memoryLimit: 340 << 20)
        let picture = try Image(
            width: 4000, height: 1000, channels: 3, pixels: [UInt8](repeating: 9, count: 12_000_000))
        let error = await #expect(throws: SegmentationError.self) {
            _ = try await segmenter.segment(picture, size: .square(16))
        }
        #expect(error?.description.contains("make the pictures smaller") == true, "\(String(describing: error))")
    }
}
