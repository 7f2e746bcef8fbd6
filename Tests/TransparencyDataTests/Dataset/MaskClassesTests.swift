import Images
import Testing

@testable import TransparencyData

@Suite struct MaskClassesTests {
    private func classes(_ samples: [UInt8], channels: Int, nearest: Bool = false) throws -> [UInt8] {
        let mask = try Image(width: samples.count / channels, height: 1, channels: channels, pixels: samples)
        return try MaskClasses.classes(of: mask, name: "m.png", nearest: nearest).pixels
    }

    @Test func everyKindOfMaskIsUnderstood() throws {
        #expect(try classes([0, 0, 0, 255, 0, 0, 255, 255, 255, 85, 85, 85], channels: 3) == [0, 1, 2, 1])
        #expect(try classes([0, 1, 1], channels: 1) == [0, 1, 1])
        #expect(try classes([0, 255], channels: 1) == [0, 2])
        #expect(try classes([0, 85, 255, 2], channels: 1) == [0, 1, 2, 2])
    }

    @Test func otherColorsAreRefusedOrTheNearest() throws {
        let samples: [UInt8] = [0, 0, 0, 240, 10, 12, 0, 255, 0, 30, 0, 0]
        let error = DatasetError.foreignColors(mask: "m.png", count: 3, found: "(240, 10, 12)", x: 1, y: 0)
        #expect(throws: error) { try classes(samples, channels: 3) }
        #expect(try classes(samples, channels: 3, nearest: true) == [0, 1, 0, 0])
        #expect(try classes([100, 200], channels: 1, nearest: true) == [0, 2])
    }
}
