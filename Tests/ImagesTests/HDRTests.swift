import Foundation
import Testing

@testable import Images

/// High dynamic range, as files tell of it, and what becomes of it.
@Suite struct HDRTests {
    /// BT.2100's reference values: white of 203 cd/m² is 58 % of PQ and 75 % of HLG; both are sRGB's 255, and black is black.
    @Test func highDynamicRangeHasItsWhiteAt203() throws {
        let functions: [(HDRTransfer.Function, Double)] = [(.perceptualQuantizer, 0.5806), (.hybridLogGamma, 0.75)]
        for (transfer, white) in functions.map({ (HDRTransfer($0), $1) }) {
            let samples = [0, white, 1].flatMap { [UInt16](repeating: UInt16($0 * 65_535), count: 3) }
            let pixels = transfer.sRGB(samples, largest: 65_535)
            #expect(pixels[..<3] == [0, 0, 0])
            #expect(pixels[3..<6].allSatisfy { $0 >= 253 }, "\(pixels)")
            #expect(pixels[6...] == [255, 255, 255])
        }
        // 100 cd/m² are 50.8 % of PQ: 0.493 of white, sRGB's 186.
        let half = HDRTransfer(.perceptualQuantizer).sRGB([33293, 33293, 33293], largest: 65_535)
        #expect(half.allSatisfy { abs(Int($0) - 186) <= 1 }, "\(half)")
        #expect(HDRTransfer(ColorCodes(primaries: 9, transfer: 13)) == nil)
        #expect(HDRTransfer(nil) == nil)
    }

    /// White is white whatever the primaries; pure colors of BT.709 stay pure, and those of wider ones are cut off.
    @Test func primariesAreThoseThatAreNamed() throws {
        let white = UInt16(0.5806 * 65_535)
        func pixels(_ primaries: Int, _ samples: [UInt16]) throws -> [UInt8] {
            try #require(HDRTransfer(ColorCodes(primaries: primaries, transfer: 16))).sRGB(samples, largest: 65_535)
        }
        for primaries in [1, 9, 12] {
            #expect(try pixels(primaries, [white, white, white]).allSatisfy { $0 >= 253 })
        }
        #expect(try pixels(1, [33293, 0, 0]) == [186, 0, 0])
        // Display P3's red of 0.493 is 0.604 in BT.709's red: sRGB's 204.
        let wide = try pixels(12, [33293, 0, 0])
        #expect(abs(Int(wide[0]) - 204) <= 1 && wide[1] == 0 && wide[2] == 0, "\(wide)")
    }

    @Test func aPNGSaysThatItIsHDR() throws {
        func png(_ channels: Int, _ pixels: [UInt8], transfer: UInt8) throws -> [UInt8] {
            let plain = try Image(width: 1, height: 1, channels: channels, pixels: pixels).pngData()
            let content = Array("cICP".utf8) + [9, transfer, 0, 1]
            let sum = withUnsafeBytes(of: crc32(content).bigEndian, Array.init)
            return Array(plain[..<33]) + [0, 0, 0, 4] + content + sum + Array(plain[33...])
        }
        func read(_ bytes: [UInt8]) throws -> [UInt8] { try ImageReader().read(data: bytes, name: "p").pixels }
        #expect(try read(png(3, [148, 148, 148], transfer: 16)).allSatisfy { $0 >= 252 })
        #expect(try read(png(3, [148, 148, 148], transfer: 13)) == [148, 148, 148])
        // Gray, and with alpha.
        #expect(try read(png(1, [148], transfer: 16)).allSatisfy { $0 >= 252 })
        #expect(try read(png(4, [148, 148, 148, 255], transfer: 16)).allSatisfy { $0 >= 252 })
        #expect(try read(png(4, [0, 0, 0, 0], transfer: 16)) == [255, 255, 255])
        #expect(try read(png(4, [0, 0, 0, 255], transfer: 16)) == [0, 0, 0])
    }

    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }

    private func box(_ kind: String, _ content: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(content.count + 8).bigEndian, Array.init) + Array(kind.utf8) + content
    }

    private func nclx(_ primaries: UInt8, _ transfer: UInt8) -> [UInt8] {
        box("colr", Array("nclx".utf8) + [0, primaries, 0, transfer, 0, 9, 0x80])
    }

    /// A file whose main picture is item 1.
    ///
    /// - Parameters:
    ///   - associations: Of each item the places of its properties, from 1 on.
    ///   - parts: Items that item 1 is put together of.
    private func file(
        _ properties: [[UInt8]], _ associations: [(item: UInt8, properties: [UInt8])], parts: [UInt8] = []
    ) -> [UInt8] {
        var ipma: [UInt8] = [0, 0, 0, 0, 0, 0, 0, UInt8(associations.count)]
        for (item, properties) in associations {
            ipma += [0, item, UInt8(properties.count)] + properties.map { $0 | 0x80 }
        }
        let tiles: [UInt8] = parts.flatMap { [0, $0] as [UInt8] }
        let references = parts.isEmpty ? [] : box("dimg", [0, 1, 0, UInt8(parts.count)] + tiles)
        let meta =
            box("hdlr", [1, 2, 3]) + box("pitm", [0, 0, 0, 0, 0, 1])
            + (parts.isEmpty ? [] : box("iref", [0, 0, 0, 0] + references))
            + box(
                "iprp",
                box("ipco", Array(properties.joined())) + box("ipma", ipma))
        return box("ftyp", Array("heic".utf8) + [0, 0, 0, 0]) + box("meta", [0, 0, 0, 0] + meta)
    }

    private func codes(_ bytes: [UInt8]) -> ColorCodes? {
        HEIFColor.codes(SourceBytes { Array(bytes.dropFirst($0).prefix($1)) })
    }

    @Test func aHEIFSaysThatItIsHDR() {
        let whole = file([box("ispe", [0]), nclx(9, 16)], [(1, [1, 2])])
        #expect(codes(whole) == ColorCodes(primaries: 9, transfer: 16))
        #expect(codes(file([box("colr", Array("prof".utf8) + [0, 9, 0, 16])], [(1, [1])])) == nil)
        for length in 8..<whole.count { _ = codes(Array(whole[..<length])) }
        #expect(codes(box("ftyp", []) + [0, 0, 0, 1] + Array("meta".utf8) + [255, 255, 255, 255]) == nil)
    }

    /// An ordinary picture with a gain map, or with another one beside it, which is of high dynamic range.
    @Test func onlyTheMainPictureCounts() {
        #expect(
            codes(file([nclx(1, 13), nclx(9, 16)], [(1, [1]), (2, [2])])) == ColorCodes(primaries: 1, transfer: 13))
        #expect(
            codes(file([nclx(9, 16), nclx(1, 13)], [(2, [1]), (1, [2])])) == ColorCodes(primaries: 1, transfer: 13))
        #expect(codes(file([box("ispe", [0]), nclx(9, 16)], [(1, [1]), (2, [2])])) == nil)
        // A grid whose tiles have the color.
        let grid = file([box("ispe", [0]), nclx(9, 18)], [(1, [1]), (2, [1, 2]), (3, [1, 2])], parts: [2, 3])
        #expect(codes(grid) == ColorCodes(primaries: 9, transfer: 18))
    }
}
