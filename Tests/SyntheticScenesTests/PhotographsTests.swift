import Foundation
import Images
import SeededRandom
import Testing

@testable import SyntheticScenes
@testable import TransparencyData

/// Scenes over photographs.
@Suite struct PhotographsTests {
    /// A folder with one picture of each color, and what is not a picture's.
    private func withFolder(
        _ colors: [[UInt8]], others: [String: String] = [:], _ body: (String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("walls-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (index, color) in colors.enumerated() {
            let pixels = (0..<60 * 40).flatMap { _ in color }
            try Image(width: 60, height: 40, channels: 3, pixels: pixels).write(to: "\(folder.path)/\(index).png")
        }
        for (name, text) in others { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        try await body(folder.path)
    }

    private func scene(_ index: Int, _ photographs: Photographs?, size: Int = 64) -> SyntheticScene {
        SyntheticScene(seed: 3, split: .train, index: index, size: size, photographs: photographs)
    }

    @Test func theirColorsStandBehindTheGlass() async throws {
        // No drawn wall or floor is of this green.
        try await withFolder([[0, 255, 0]], others: ["README.txt": "walls", ".hidden.png": "no picture"]) { folder in
            let photographs = try Photographs(folder: folder)
            let isGreen = { (scene: SyntheticScene) in
                let picture = try scene.draw().picture
                let count = (0..<picture.pixels.count / 3).count {
                    let (red, green, blue) = (
                        picture.pixels[3 * $0], picture.pixels[3 * $0 + 1], picture.pixels[3 * $0 + 2]
                    )
                    return green > 90 && red < 40 && blue < 40
                }
                return count * 8 > picture.pixels.count / 3
            }
            let over = try (0..<40).count { try isGreen(scene($0, photographs)) }
            let drawn = try (0..<40).count { try isGreen(scene($0, nil)) }
            #expect(over > 20, "\(over) of 40")
            #expect(drawn < 3, "\(drawn) of 40")
        }
    }

    @Test func moreGlassIsLarge() async throws {
        try await withFolder([[200, 180, 160], [40, 60, 90]]) { folder in
            let photographs = try Photographs(folder: folder)
            let share = { (photographs: Photographs?) in
                let masks = try (0..<100).map { try scene($0, photographs, size: 32).draw().mask }
                return Double(masks.reduce(0) { $0 + $1.pixels.count { $0 != 0 } }) / Double(100 * 32 * 32)
            }
            let (over, drawn) = try (share(photographs), share(nil))
            #expect((0.25...0.5).contains(over) && over > 1.4 * drawn, "\(over) over photographs, \(drawn) drawn")
        }
    }

    @Test func threadsAndReadingAgainChangeNoByte() async throws {
        try await withFolder([[200, 180, 160], [40, 60, 90], [90, 10, 60]]) { folder in
            let write = { (name: String, threads: Int) in
                let dataset = try SyntheticDataset(
                    seed: 5, size: 32, counts: [.train: 10], photographs: Photographs(folder: folder))
                _ = try await dataset.write(to: "\(folder)/\(name)", threadCount: threads)
                return try (1...10).map {
                    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)/train/images/\($0).jpg"))
                }
            }
            let one = try await write("one", 1)
            #expect(try await write("four", 4) == one)
        }
    }

    /// A part keeps its place and its detail, whatever the size it is seen at, and goes on beyond the edges.
    @Test func aCropShowsItsPart() throws {
        let pixels: [UInt8] = (0..<64 * 64).flatMap { pixel in
            let value = UInt8(pixel % 64 < 32 ? 255 : 0)
            return [value, value, value]
        }
        let photograph = try Photograph(Image(width: 64, height: 64, channels: 3, pixels: pixels))
        for footprint in [0.5, 2, 4] as [Float] {
            #expect(photograph.color(at: [8, 30], footprint: footprint).x > 0.95)
            #expect(photograph.color(at: [56, 30], footprint: footprint).x < 0.05)
            #expect(photograph.color(at: [-8, -30], footprint: footprint).x > 0.95)
            #expect(photograph.color(at: [128 + 8, 200], footprint: footprint).x > 0.95)
        }
    }

    @Test func foldersAndFilesThatCannotBeUsedAreNamed() async throws {
        try await withFolder([], others: ["notes.txt": "none"]) { folder in
            #expect(throws: PhotographsError.noPictures(folder)) { try Photographs(folder: folder) }
            #expect(throws: PhotographsError.notAFolder("\(folder)/notes.txt")) {
                try Photographs(folder: "\(folder)/notes.txt")
            }
            #expect(throws: PhotographsError.notAFolder("\(folder)/none")) { try Photographs(folder: "\(folder)/none") }
        }
        try await withFolder([[1, 2, 3]], others: ["torn.png": "no picture"]) { folder in
            let error = #expect(throws: ImageError.self) { try Photographs(folder: folder) }
            #expect(error?.description.contains("\(folder)/torn.png") == true)
        }
    }
}
