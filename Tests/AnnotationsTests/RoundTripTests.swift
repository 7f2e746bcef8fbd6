import Files
import Foundation
import Images
import SeededRandom
import Testing

@testable import Annotations

/// Masks that are hard to trace.
enum HardShape: String, CaseIterable {
    case empty, full, pixel, cornerPixels, line, diagonal, ring, rings, chain, checkers, frame, letters, noise,
        twoClasses

    var mask: Image {
        get throws {
            let (width, height) = (67, 41)
            var random = SplitMix64(seed: 7)
            var pixels = [UInt8](repeating: 0, count: width * height)
            for y in 0..<height {
                for x in 0..<width {
                    let (dx, dy) = (x - 33, y - 20)
                    let radius = Double(dx * dx + dy * dy).squareRoot()
                    let isInside: Bool =
                        switch self {
                        case .empty: false
                        case .full: true
                        case .pixel: x == 66 && y == 40
                        case .cornerPixels: (x == 0 || x == 66) && (y == 0 || y == 40)
                        case .line: y == 13 && x > 4
                        case .diagonal: x == y
                        case .ring: (8..<17).contains(radius)
                        case .rings: Int(radius / 3) % 2 == 0
                        case .chain: y % 4 != 2 || x % 3 != 1
                        case .checkers: (x + y) % 2 == 0
                        case .frame: x == 0 || y == 0 || x == 66 || y == 40
                        case .letters: (x / 5) % 3 != 1 || (y % 9 == 0 && x % 2 == 0)
                        case .noise: random.next(below: 100) < 55
                        case .twoClasses: x % 11 < 7
                        }
                    guard isInside else { continue }
                    pixels[y * width + x] = self == .twoClasses && y > 19 ? 2 : 1
                }
            }
            return try Image(width: width, height: height, channels: 1, pixels: pixels)
        }
    }
}

struct RoundTripTests {
    private let classes = ["things", "stuff"]

    private func picture(_ shape: HardShape) throws -> AnnotatedPicture {
        AnnotatedPicture(name: "\(shape.rawValue).jpg", mask: try shape.mask)
    }

    @Test(arguments: HardShape.allCases) func coco(_ shape: HardShape) throws {
        let picture = try picture(shape)
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var file = COCOFile(classes: classes)
        file.add(picture)
        try file.write(to: path)
        let read = try COCOFile(contentsOf: path)
        #expect(read.classes == classes)
        var pictures: [AnnotatedPicture] = []
        try read.forEachPicture { pictures.append($0) }
        #expect(pictures == [picture])
    }

    @Test(arguments: HardShape.allCases) func yolo(_ shape: HardShape) throws {
        let picture = try picture(shape)
        let text = YOLOLabels.text(of: picture)
        #expect(try YOLOLabels.picture(text, name: picture.name, width: 67, height: 41) == picture)
    }

    @Test(arguments: HardShape.allCases) func labelStudio(_ shape: HardShape) throws {
        let picture = try picture(shape)
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var file = LabelStudioFile(classes: ["a", "b"])
        file.add(picture, modelVersion: "test")
        try file.write(to: path)
        var pictures: [AnnotatedPicture] = []
        let labels = try LabelStudioFile.forEachPicture(of: path) { pictures.append($0) }
        // Its tasks know their sizes by their masks only.
        #expect(pictures == (shape == .empty ? [] : [picture]))
        #expect(labels == (shape == .empty ? [] : shape == .twoClasses ? ["a", "b"] : ["a"]))
    }

    @Test(arguments: HardShape.allCases) func cvat(_ shape: HardShape) throws {
        let picture = try picture(shape)
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).xml").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var file = CVATFile(classes: ["a<b>", "c"])
        file.add(picture)
        try file.write(to: path)
        var pictures: [AnnotatedPicture] = []
        try CVATFile.forEachPicture(of: path) { pictures.append($0) }
        #expect(pictures == [picture])
    }

    @Test(arguments: HardShape.allCases) func cocoRunLength(_ shape: HardShape) throws {
        let mask = try shape.mask
        for region in Region.all(of: mask) {
            let code = RunLength(of: region, width: mask.width, height: mask.height)
            #expect(try RunLength(width: mask.width, height: mask.height, text: code.text) == code)
            #expect(try RunLength(width: mask.width, height: mask.height, counts: code.counts) == code)
            var count = 0
            code.forEachPixel { place in
                count += 1
                #expect(mask.pixels[place] == region.label)
            }
            #expect(count == region.area)
        }
    }
}
