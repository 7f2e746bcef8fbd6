import Foundation
import Testing

@testable import Images

/// Files of Tests/ImagesTests/Fixtures, made by Tools/make_image_fixtures.py.
enum Fixture {
    static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
    }

    static func data(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    static func read(_ name: String) throws -> Image {
        try ImageReader().read(contentsOf: path(name))
    }

    /// Expected pixels: a binary PPM with a header of exactly three lines.
    static func expected(_ name: String) throws -> Image {
        let bytes = try data(name)
        let lines = bytes.split(separator: 10, maxSplits: 3, omittingEmptySubsequences: false)
        let sides = String(decoding: lines[1], as: UTF8.self).split(separator: " ").compactMap { Int($0) }
        return try Image(width: sides[0], height: sides[1], channels: 3, pixels: Array(lines[3]))
    }
}

/// Checks sizes and every sample, and says where the worst difference is.
func expectEqual(
    _ image: Image, _ expected: Image, tolerance: Int = 0, _ note: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard image.width == expected.width, image.height == expected.height, image.channels == expected.channels else {
        Issue.record(
            """
            \(note) \(image.width) x \(image.height) x \(image.channels), \
            expected \(expected.width) x \(expected.height) x \(expected.channels)
            """, sourceLocation: sourceLocation)
        return
    }
    let worst = worstDifference(image, expected)
    guard worst.difference > tolerance else { return }
    let pixel = worst.index / image.channels
    Issue.record(
        """
        \(note) differs by \(worst.difference) at x \(pixel % image.width), y \(pixel / image.width), \
        channel \(worst.index % image.channels): \(image.pixels[worst.index]), expected \(expected.pixels[worst.index])
        """, sourceLocation: sourceLocation)
}

/// The largest absolute difference of two pictures of the same size, and the sample where it is.
func worstDifference(_ image: Image, _ other: Image) -> (index: Int, difference: Int) {
    var worst = (index: 0, difference: 0)
    for (index, pair) in zip(image.pixels, other.pixels).enumerated() {
        let difference = abs(Int(pair.0) - Int(pair.1))
        if difference > worst.difference { worst = (index, difference) }
    }
    return worst
}

/// A folder of its own for `body`, removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("images-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

func writeFile(_ bytes: [UInt8], to path: String, atomically: Bool = true) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path), options: atomically ? .atomic : [])
}

/// The error that `body` throws, for a look at its fields and its text.
func imageError(_ body: () throws -> Image, sourceLocation: SourceLocation = #_sourceLocation) throws -> ImageError {
    try #require(throws: ImageError.self, sourceLocation: sourceLocation) { _ = try body() }
}
