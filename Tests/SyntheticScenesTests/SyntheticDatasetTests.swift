import Foundation
import Images
import Synchronization
import Testing

@testable import SyntheticScenes
@testable import TransparencyData

@Suite struct SyntheticDatasetTests {
    private let dataset = SyntheticDataset(seed: 9, size: 32, counts: [.train: 6, .validation: 5, .test: 10])

    /// Every file under a folder by its path.
    private func files(in folder: String) throws -> [String: Data] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder)
        var isFolder: ObjCBool = false
        var files: [String: Data] = [:]
        for path in paths {
            _ = FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder)
            if !isFolder.boolValue { files[path] = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(path)")) }
        }
        return files
    }

    private func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("synthetic-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    @Test func filesLieWhereTrans10KHasThem() async throws {
        try await withTemporaryFolder { folder in
            let reported = Mutex<[Int]>([])
            let count = try await dataset.write(to: folder, progress: { done in reported.withLock { $0.append(done) } })
            #expect(count == 21)
            #expect(reported.withLock { $0 } == Array(1...21))
            var expected: Set<String> = []
            for (path, ids) in [
                ("train", Array(1...6)), ("validation/easy", Array(7...10)), ("validation/hard", [11]),
                ("test/easy", [12, 13, 14, 15, 17, 18, 19, 20]), ("test/hard", [16, 21]),
            ] {
                for id in ids { expected.formUnion(["\(path)/images/\(id).jpg", "\(path)/masks/\(id)_mask.png"]) }
            }
            #expect(try Set(files(in: folder).keys) == expected)
        }
    }

    @Test func masksHaveThePaletteOfTheClasses() async throws {
        try await withTemporaryFolder { folder in
            _ = try await dataset.write(to: folder)
            for id in 1...6 {
                let read = try ImageReader().read(contentsOf: "\(folder)/train/masks/\(id)_mask.png")
                let (picture, mask) = try SyntheticScene(seed: 9, split: .train, index: id - 1, size: 32).draw()
                let palette: [[UInt8]] = [[0, 0, 0], [255, 0, 0], [255, 255, 255]]
                let colored: [UInt8] = mask.pixels.flatMap { palette[Int($0)] }
                #expect(read.pixels == colored)
                let stored = try ImageReader().read(contentsOf: "\(folder)/train/images/\(id).jpg")
                #expect(stored.width == picture.width && stored.height == picture.height)
            }
        }
    }

    @Test func threadsDoNotChangeAByte() async throws {
        try await withTemporaryFolder { folder in
            _ = try await dataset.write(to: "\(folder)/one", threadCount: 1)
            _ = try await dataset.write(to: "\(folder)/five", threadCount: 5)
            #expect(try files(in: "\(folder)/one") == files(in: "\(folder)/five"))
        }
    }

    @Test func nothingIsOverwritten() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("notes".utf8).write(to: URL(fileURLWithPath: "\(folder)/notes.txt"))
            await #expect(throws: SyntheticDatasetError.notEmpty(folder, found: "notes.txt")) {
                try await dataset.write(to: folder)
            }
            await #expect(throws: SyntheticDatasetError.notAFolder("\(folder)/notes.txt")) {
                try await dataset.write(to: "\(folder)/notes.txt")
            }
            #expect(try files(in: folder) == ["notes.txt": Data("notes".utf8)])
        }
    }

    @Test func cancellingEndsEarly() async throws {
        try await withTemporaryFolder { folder in
            let count = try await dataset.write(to: folder, isCancelled: { true })
            #expect(count == 0)
        }
    }
}
