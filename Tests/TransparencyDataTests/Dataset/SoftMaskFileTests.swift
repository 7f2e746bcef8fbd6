import Images
import Testing

@testable import TransparencyData

/// How predictions are understood: by the law of truths, with softness between.
@Suite struct SoftMaskFileTests {
    private func read(
        _ samples: [UInt16], channels: Int = 1, bits: Int = 8, alpha: [UInt8]? = nil, palette: [[UInt8]]? = nil,
        isSoft: Bool = false, isLossy: Bool = false, scale: SoftMaskFile.Scale? = nil
    ) throws -> SoftMaskFile {
        let file = StoredSamples(
            row: samples, channels: channels, bits: bits, alpha: alpha, palette: palette, isLossy: isLossy)
        return try SoftMaskFile(file, name: "m.png", isSoft: isSoft) { scale ?? SoftMaskFile.scale(of: file) }
    }

    @Test func softnessStaysAsItIs() throws {
        #expect(try read([0, 1, 100, 255]).softness.pixels == [0, 1, 100, 255])
        #expect(try read([0, 300, 65535], bits: 16).softness.pixels == [0, 1, 255])
        let colored = try read([10, 20, 30, 0, 0, 0], channels: 3)
        #expect(colored.softness.pixels == [10, 20, 30, 0, 0, 0])
        #expect(colored.reading.kind == .soft)
    }

    @Test func labelsOf1AreGlassUnlessOthersTellTheScale() throws {
        #expect(try read([0, 1]).softness.pixels == [0, 255])
        #expect(try read([0, 1, 2]).softness.pixels == [0, 255, 255])
        #expect(try read([0, 1], scale: .bytes).softness.pixels == [0, 1])
        #expect(try read([0, 1], bits: 16).softness.pixels == [0, 255])
        #expect(try read([0, 255], bits: 16).softness.pixels == [0, 255])
        #expect(try read([0, 255], bits: 16, scale: .depth).softness.pixels == [0, 0])
        #expect(try read([0, 85], bits: 2).softness.pixels == [0, 255])
        #expect(try read([0, 255], bits: 1).softness.pixels == [0, 255])
    }

    @Test func palettesAndColorsAreClasses() throws {
        let voc: [[UInt8]] = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]]
        #expect(try read([0, 0, 0, 128, 0, 0], channels: 3, palette: voc).softness.pixels == [0, 255])
        #expect(throws: DatasetError.self) { try read([0, 0, 0, 128, 128, 0], channels: 3, palette: voc) }
        #expect(try read([0, 0, 0, 255, 0, 0, 255, 255, 255], channels: 3).softness.pixels == [0, 255, 255])
    }

    @Test func cutOutsCountByAlpha() throws {
        let photograph: [UInt16] = [200, 100, 50, 20, 30, 40]
        let cutout = try read(photograph, channels: 3, alpha: [0, 180])
        #expect(cutout.softness.pixels == [0, 180])
        #expect(cutout.reading.kind == .alpha)
        #expect(try read(photograph, channels: 3, alpha: [255, 255]).softness.pixels == [255, 255])
        #expect(try read([90, 120], alpha: [255, 0]).softness.pixels == [255, 0])
        #expect(try read([255, 255], alpha: [255, 0]).softness.pixels == [255, 0])
        #expect(try read([0, 255, 0], alpha: [255, 255, 0]).softness.pixels == [0, 255, 0])
        #expect(throws: DatasetError.self) { try read([0, 0], alpha: [255, 0]) }
        #expect(try read([7, 7], alpha: [0, 0]).softness.pixels == [0, 0])
        #expect(try read([0, 128, 255], alpha: [255, 255, 255]).softness.pixels == [0, 128, 255])
    }

    /// Alpha that is the same everywhere tells nothing, and a layer that is half transparent marks what it covers.
    @Test func alphaOfOneValue() throws {
        for value in [1, 127, 128, 254] as [UInt8] {
            #expect(doubt { try read([9, 20], alpha: [value, value]) } == .alpha(MaskDoubt.evenAlpha), "\(value)")
        }
        #expect(doubt { try read([0, 255], alpha: [0, 0]) } == .alpha("all of it is transparent"))
        #expect(try read([255, 255], alpha: [0, 0]).softness.pixels == [0, 0])
        #expect(try read([255, 255], alpha: [0, 1]).softness.pixels == [0, 255])
        #expect(try read([9, 20], alpha: [127, 0]).softness.pixels == [255, 0])
        #expect(try read([9, 20, 30], alpha: [100, 0, 90]).softness.pixels == [100, 0, 90])
        #expect(try read([0, 255], alpha: [200, 200]).softness.pixels == [0, 255])
    }

    /// Softness in three channels is gray but for rounding; a photograph or a cut-out without alpha is not.
    @Test func photographsAreNoSoftness() throws {
        #expect(doubt { try read([90, 110, 120, 0, 0, 0], channels: 3) } != nil)
        #expect(doubt { try read([255, 255, 255, 139, 124, 110], channels: 3) } != nil)
        #expect(try read([90, 110, 113, 0, 0, 0], channels: 3).reading.kind == .soft)
        #expect(try read([90, 110, 120, 0, 0, 0], channels: 3, isSoft: true).reading.kind == .soft)
    }

    @Test func labelsWithoutBackgroundAreRefused() throws {
        #expect(doubt { try read([1, 2]) } == .noBackground)
        #expect(doubt { try read([85, 170], bits: 2) } == .noBackground)
        let voc: [[UInt8]] = [[0, 0, 0], [128, 0, 0], [0, 128, 0]]
        #expect(doubt { try read([128, 0, 0, 0, 128, 0], channels: 3, palette: voc) } == .noBackground)
        #expect(try read([1, 1]).softness.pixels == [255, 255])
        #expect(try read([1, 2], scale: .bytes).softness.pixels == [1, 2])
    }

    @Test func labelsInALossyFileAreRefused() throws {
        #expect(doubt { try read([0, 1], isLossy: true) } == .unclearScale(greatest: 1, of: 255))
        #expect(doubt { try read([0, 11], isLossy: true) } == .unclearScale(greatest: 11, of: 255))
        #expect(try read([0, 1], isLossy: true, scale: .bytes).softness.pixels == [0, 1])
        #expect(try read([0, 0], isLossy: true).softness.pixels == [0, 0])
    }

    private func doubt(_ body: () throws -> SoftMaskFile) -> MaskDoubt? {
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

    @Test func classesAreNoSoftness() throws {
        #expect(doubt { try read([0, 1, 255]) } == .ignoreLabel)
        #expect(doubt { try read([0, 1, 254]) } == .ignoreLabel)
        #expect(try read([0, 1, 254, 255]).softness.pixels == [0, 1, 254, 255])
        #expect(doubt { try read([0, 1, 255], bits: 16) } == .ignoreLabel)
        #expect(doubt { try read([0, 1, 65535], bits: 16) } == .ignoreLabel)
        #expect(doubt { try read([0, 85, 255], bits: 2) } == .ignoreLabel)
        #expect(try read([0, 1, 255], isSoft: true).softness.pixels == [0, 1, 255])
        #expect(doubt { try read([0, 5, 11]) } == .unclearScale(greatest: 11, of: 255))
        #expect(doubt { try read([0, 85, 187], bits: 4) } == .unclearScale(greatest: 11, of: 15))
        #expect(doubt { try read([0, 1], scale: .manyLabels) } == .unclearScale(greatest: 1, of: 255))
        #expect(try read([0, 5, 11], scale: .bytes).softness.pixels == [0, 5, 11])
        #expect(try read([0, 21]).softness.pixels == [0, 21])
    }

    @Test func colorsOfOtherClassesAreRefused() throws {
        let others: [[UInt16]] = [
            [0, 0, 0, 0, 0, 255], [0, 0, 0, 0, 255, 0], [0, 0, 0, 128, 0, 0], [0, 0, 0, 1, 0, 0],
        ]
        for samples in others {
            let doubt = doubt { try read(samples, channels: 3) }
            #expect(
                doubt == .foreignColors(count: 1, found: "(\(samples[3]), \(samples[4]), \(samples[5]))", x: 1, y: 0))
        }
        #expect(try read([0, 0, 255, 0, 0, 0], channels: 3, isSoft: true).softness.channels == 3)
    }

    @Test func opaqueAlphaLeavesColorsTheirMeaning() throws {
        let samples: [UInt16] = [0, 0, 0, 255, 0, 0, 255, 255, 255]
        let opaque = try read(samples, channels: 3, alpha: [255, 255, 255])
        #expect(opaque.softness.pixels == [0, 255, 255])
        #expect(opaque.reading.kind == .colors)
        #expect(try read(samples, channels: 3, alpha: [0, 255, 255]).softness.pixels == [0, 255, 255])
        #expect(doubt { try read(samples, channels: 3, alpha: [255, 255, 0]) } == .alpha(MaskDoubt.hiddenGlass))
    }

    @Test func palettesOfFewIndices() throws {
        let dim: [[UInt8]] = [[0, 0, 0], [1, 1, 1]]
        #expect(try read([0, 0, 0, 1, 1, 1], channels: 3, bits: 1, palette: dim).softness.pixels == [0, 255])
        let black = [[UInt8]](repeating: [0, 0, 0], count: 4)
        #expect(doubt { try read([0, 0, 0, 0, 0, 0], channels: 3, palette: black) } == .paletteOfOneColor)
    }
}
