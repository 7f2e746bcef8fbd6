import Images
import Testing

@testable import TransparencyData

/// How truths are understood: depth, palette, alpha and the set of values decide.
@Suite struct ClassMaskTests {
    private func read(
        _ samples: [UInt16], channels: Int = 1, bits: Int = 8, alpha: [UInt8]? = nil, palette: [[UInt8]]? = nil,
        isLossy: Bool = false, repairs: [RepairPlan.Action] = []
    ) throws -> ClassMask {
        let file = StoredSamples(
            row: samples, channels: channels, bits: bits, alpha: alpha, palette: palette, isLossy: isLossy)
        return try ClassMask(file, name: "m.png", repairs: repairs)
    }

    private func doubt(_ body: () throws -> ClassMask) -> MaskDoubt? {
        do {
            _ = try body()
            return nil
        } catch DatasetError.unclearMask(_, _, let doubt) {
            return doubt
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    @Test(
        arguments: [
            ([0, 255], 8, [0, 2], MaskReading.Kind.blackAndWhite), ([0, 1, 1], 8, [0, 1, 1], .labels),
            ([0, 1, 2], 8, [0, 1, 2], .labels), ([0, 85, 255], 8, [0, 1, 2], .grayOfColors),
            ([0, 76, 255], 8, [0, 1, 2], .grayOfColors), ([0, 0], 8, [0, 0], .blackAndWhite),
            // Of 16 bits: labels and bytes as they stand, bytes stretched by 257 and 256.
            ([0, 1], 16, [0, 1], .labels), ([0, 255], 16, [0, 2], .blackAndWhite),
            ([0, 65535], 16, [0, 2], .blackAndWhite),
            ([0, 65280], 16, [0, 2], .blackAndWhite), ([0, 257, 514], 16, [0, 1, 2], .labels),
            // Of 1, 2 and 4 bits, stretched by the decoder.
            ([0, 255], 1, [0, 2], .blackAndWhite), ([0, 85], 2, [0, 1], .labels),
            ([0, 85, 170], 2, [0, 1, 2], .labels),
            ([0, 17, 34], 4, [0, 1, 2], .labels), ([0, 255], 4, [0, 2], .blackAndWhite),
        ] as [([UInt16], Int, [UInt8], MaskReading.Kind)])
    func grays(_ samples: [UInt16], _ bits: Int, _ classes: [UInt8], _ kind: MaskReading.Kind) throws {
        let mask = try read(samples, bits: bits)
        #expect(mask.classes.pixels == classes)
        #expect(mask.reading == MaskReading(kind: kind, bits: bits))
    }

    @Test func colors() throws {
        let mask = try read([0, 0, 0, 255, 0, 0, 255, 255, 255], channels: 3)
        #expect(mask.classes.pixels == [0, 1, 2])
        #expect(mask.reading.kind == .colors)
        #expect(try read([0, 0, 0, 1, 1, 1], channels: 3).classes.pixels == [0, 1])
        let samples: [UInt16] = [0, 0, 0, 240, 10, 12, 0, 255, 0, 30, 0, 0]
        #expect(
            doubt { try read(samples, channels: 3) }
                == .foreignColors(count: 3, found: "(240, 10, 12)", x: 1, y: 0))
        #expect(try read(samples, channels: 3, repairs: [.nearestColors]).classes.pixels == [0, 1, 0, 0])
    }

    @Test func noiseIsNoGlass() throws {
        let noisy: [UInt16] = [0, 1, 2, 3, 254, 255]
        #expect(doubt { try read(noisy) } == .foreignColors(count: 4, found: "the gray 1", x: 1, y: 0))
        #expect(try read(noisy, repairs: [.nearestColors]).classes.pixels == [0, 0, 0, 0, 2, 2])
        let deep = doubt { try read([0, 255, 65535], bits: 16) }
        #expect(deep == .foreignColors(count: 1, found: "the gray 255", x: 1, y: 0))
        // Labels that a lossy format holds are none.
        #expect(doubt { try read([0, 1, 2], isLossy: true) } != nil)
        #expect(try read([0, 1, 2], isLossy: true, repairs: [.nearestColors]).classes.pixels == [0, 0, 0])
    }

    @Test func ignoreBordersAndManyLabelsAreRefused() throws {
        #expect(doubt { try read([0, 1, 255]) } == .ignoreLabel)
        #expect(doubt { try read([0, 1, 255], bits: 16) } == .ignoreLabel)
        #expect(doubt { try read([0, 1, 254]) } == .ignoreLabel)
        #expect(doubt { try read([0, 15, 20]) } == .manyLabels)
        #expect(try read([0, 15, 20], repairs: [.labelsAsGlass]).classes.pixels == [0, 2, 2])
    }

    /// Trimaps and others count from 1.
    @Test func labelsWithoutBackgroundAreRefused() throws {
        #expect(doubt { try read([1, 2]) } == .noBackground)
        #expect(doubt { try read([1, 2], bits: 16) } == .noBackground)
        #expect(doubt { try read([85, 170], bits: 2) } == .noBackground)
        let voc: [[UInt8]] = [[0, 0, 0], [128, 0, 0], [0, 128, 0]]
        #expect(doubt { try read([128, 0, 0, 0, 128, 0], channels: 3, palette: voc) } == .noBackground)
        #expect(try read([1, 1]).classes.pixels == [1, 1])
        #expect(try read([2, 2]).classes.pixels == [2, 2])
    }

    @Test func whiteIsZeroIsSaid() throws {
        let file = StoredSamples(width: 2, height: 1, channels: 1, bits: 1, samples: [0, 255], isWhiteZero: true)
        let mask = try ClassMask(file, name: "m.tif")
        #expect(mask.classes.pixels == [0, 2])
        #expect(mask.reading.kind == .whiteIsZero && mask.reading.isGuess)
    }

    @Test func palettesCountByIndexUnlessTheirColorsMeanSomething() throws {
        let voc: [[UInt8]] = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]]
        let mask = try read([0, 0, 0, 128, 0, 0, 0, 128, 0], channels: 3, palette: voc)
        #expect(mask.classes.pixels == [0, 1, 2])
        #expect(mask.reading.kind == .indices)
        #expect(doubt { try read([0, 0, 0, 128, 128, 0], channels: 3, palette: voc) } == .manyLabels)
        #expect(
            try read([0, 0, 0, 128, 128, 0], channels: 3, palette: voc, repairs: [.labelsAsGlass]).classes.pixels
                == [0, 2])
        let black = [[UInt8]](repeating: [0, 0, 0], count: 4)
        #expect(doubt { try read([0, 0, 0, 0, 0, 0], channels: 3, palette: black) } == .paletteOfOneColor)
        let inverse: [[UInt8]] = [[255, 255, 255], [0, 0, 0]]
        #expect(try read([255, 255, 255, 0, 0, 0], channels: 3, palette: inverse).classes.pixels == [2, 0])
    }

    @Test func layersCountWhereTheyAreOpaque() throws {
        let layer = try read([255, 255, 255], alpha: [0, 255, 0])
        #expect(layer.classes.pixels == [0, 2, 0])
        #expect(layer.reading.kind == .opaqueParts)
        #expect(try read([0, 255], alpha: [255, 255]).reading.kind == .blackAndWhite)
        #expect(doubt { try read([0, 0], alpha: [0, 255]) } == .alpha("it is black on transparent ground"))
        #expect(doubt { try read([0, 255], alpha: [0, 0]) } == .alpha("all of it is transparent"))
        let hidden: [UInt16] = [0, 0, 0, 255, 0, 0, 255, 255, 255]
        #expect(doubt { try read(hidden, channels: 3, alpha: [255, 255, 0]) } == .alpha(MaskDoubt.hiddenGlass))
        #expect(doubt { try read([255, 255], alpha: [0, 100]) } == .alpha(MaskDoubt.gradualAlpha))
        #expect(try read([255, 255], alpha: [0, 200], repairs: [.nearestColors]).classes.pixels == [0, 2])
    }

    @Test func errorsNameFileDepthAndValues() {
        let error = #expect(throws: DatasetError.self) { try read([0, 1, 255], bits: 16) }
        #expect(error?.description.hasPrefix("m.png (16-bit gray, values 0, 1, 255) is not understood: ") == true)
    }
}
