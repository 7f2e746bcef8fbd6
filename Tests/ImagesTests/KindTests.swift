import Foundation
import Testing

@testable import Images

/// What is told by headers: camera raw, palettes, depth, high dynamic range.
@Suite struct KindTests {
    /// A gray TIFF of 2 x 1 pixels with 8 bits, with more tags.
    private func tiff(_ more: [(tag: UInt16, type: UInt16, value: UInt32)], magic: [UInt8] = []) -> [UInt8] {
        let own: [(UInt16, UInt16, UInt32)] = [
            (256, 3, 2), (257, 3, 1), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 3, 1),
            (279, 4, 2),
        ]
        let tags = (own.filter { tag in !more.contains { $0.tag == tag.0 } } + more.map { ($0.tag, $0.type, $0.value) })
            .sorted { $0.0 < $1.0 }
        func bytes<N: FixedWidthInteger>(_ number: N) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian, Array.init)
        }
        // The pixels stand where Canon's raw has its mark.
        let pixels = magic.isEmpty ? [10, 200] : magic
        var file: [UInt8] = [0x49, 0x49, 42, 0] + bytes(UInt32(12)) + pixels + [0, 0] + bytes(UInt16(tags.count))
        for (tag, type, value) in tags { file += bytes(tag) + bytes(type) + bytes(UInt32(1)) + bytes(value) }
        return file + bytes(UInt32(0))
    }

    private func read(_ bytes: [UInt8]) throws -> Image { try ImageReader().read(data: bytes, name: "p.tif") }

    @Test func cameraRawIsRefused() throws {
        #expect(try read(tiff([])).pixels == [10, 10, 10, 200, 200, 200])
        let raws = [
            tiff([(50706, 1, 0x0401)]), tiff([(254, 4, 1), (330, 4, 8)]), tiff([(262, 3, 32803)]),
            tiff([(262, 3, 34892)]), tiff([(259, 3, 34713)]), tiff([], magic: Array("CR".utf8)),
        ]
        for raw in raws {
            let error = try imageError { try read(raw) }
            #expect("\(error)".contains("a camera's raw data"))
        }
        #expect("\(try imageError { try read(tiff([(254, 4, 1)])) })".contains("a small copy of another picture"))
        // The reduced copies of a pyramid stand behind the picture.
        #expect(try read(tiff([(254, 4, 0), (330, 4, 8)])).width == 2)
        let other = try imageError { try read(Array("\0\0\0\u{18}ftypcrx and so on".utf8)) }
        #expect("\(other)".contains("a camera's raw data"))
        // Olympus, Panasonic, Minolta, Sigma.
        for mark in ["IIRO\u{8}", "MMOR\0", "IIU\0", "\0MRM", "FOVb"] {
            let error = try imageError { try read(Array(mark.utf8) + [0, 0, 0, 0]) }
            #expect("\(error)".contains("a camera's raw data"))
        }
    }

    @Test func headersThatMakeNoSenseAreNone() throws {
        for length in 0..<tiff([]).count { _ = try? read(Array(tiff([])[..<length])) }
        for offset in [0, 1, 0xFFFF_FFFF] as [UInt32] {
            var file = tiff([])
            withUnsafeBytes(of: offset.littleEndian) { file.replaceSubrange(4..<8, with: $0) }
            #expect(throws: ImageError.self) { try read(file) }
        }
    }

    /// Of Pillow's palette files the indices.
    @Test(arguments: ["palette.png"]) func palettesHaveIndices(_ name: String) throws {
        let stored = try ImageReader().readStored(contentsOf: Fixture.path(name))
        let indices = try #require(stored.indices)
        #expect(stored.channels == 3 && indices.count == stored.width * stored.height)
        let colors = Set(indices.indices.map { [indices[$0]] + stored.samples[3 * $0..<3 * $0 + 3] })
        #expect(colors.count == Set(indices).count)
    }

    @Test func depthAlphaAndCompressionAreTold() throws {
        func stored(_ name: String) throws -> StoredSamples {
            try ImageReader().readStored(contentsOf: Fixture.path(name))
        }
        #expect(try stored("gray-16.png").bits == 16)
        #expect(try stored("gray-16.png").wideSamples?.count == stored("gray-16.png").samples.count)
        #expect(try stored("one-bit.png").bits == 1)
        #expect(try stored("one-bit.tif").bits == 1)
        #expect(try stored("alpha.png").alpha != nil)
        #expect(try stored("alpha.png").channels == 3)
        #expect(try stored("gray-alpha.png").channels == 1)
        #expect(try stored("gray.png").alpha == nil)
        #expect(try [stored("gray.jpg"), stored("lossy.webp")].allSatisfy(\.isLossy))
        #expect(try ![stored("gray.png"), stored("lzw.tif")].contains(where: \.isLossy))
        #expect(throws: ImageError.self) { try stored("cmyk.tif") }
    }

    /// BT.2100's reference values: white of 203 cd/m² is 58 % of PQ and 75 % of HLG; both are sRGB's 255, and black is black.
    @Test func highDynamicRangeHasItsWhiteAt203() throws {
        for (transfer, white) in [(HDRTransfer.perceptualQuantizer, 0.5806), (.hybridLogGamma, 0.75)] {
            let samples = [0, white, 1].flatMap { [UInt16](repeating: UInt16($0 * 65_535), count: 3) }
            let pixels = transfer.sRGB(samples, largest: 65_535)
            #expect(pixels[..<3] == [0, 0, 0])
            #expect(pixels[3..<6].allSatisfy { $0 >= 253 }, "\(pixels)")
            #expect(pixels[6...] == [255, 255, 255])
        }
        // 100 cd/m² are 50.8 % of PQ: 0.493 of white, sRGB's 186.
        let half = HDRTransfer.perceptualQuantizer.sRGB([33293, 33293, 33293], largest: 65_535)
        #expect(half.allSatisfy { abs(Int($0) - 186) <= 1 }, "\(half)")
        #expect(HDRTransfer(code: 13) == nil)
    }

    @Test func aPNGSaysThatItIsHDR() throws {
        let plain = try Image(width: 1, height: 1, channels: 3, pixels: [148, 148, 148]).pngData()
        func tagged(_ transfer: UInt8) -> [UInt8] {
            let content = Array("cICP".utf8) + [9, transfer, 0, 1]
            let sum = withUnsafeBytes(of: crc32(content).bigEndian, Array.init)
            return Array(plain[..<33]) + [0, 0, 0, 4] + content + sum + Array(plain[33...])
        }
        #expect(try ImageReader().read(data: tagged(16), name: "p").pixels.allSatisfy { $0 >= 252 })
        #expect(try ImageReader().read(data: tagged(13), name: "p").pixels == [148, 148, 148])
    }

    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }

    @Test func aHEIFSaysThatItIsHDR() {
        func box(_ kind: String, _ content: [UInt8]) -> [UInt8] {
            withUnsafeBytes(of: UInt32(content.count + 8).bigEndian, Array.init) + Array(kind.utf8) + content
        }
        func file(_ color: [UInt8]) -> [UInt8] {
            box("ftyp", Array("heic".utf8) + [0, 0, 0, 0])
                + box(
                    "meta", [0, 0, 0, 0] + box("hdlr", [1, 2, 3]) + box("iprp", box("ipco", box("ispe", [0]) + color)))
        }
        func transfer(_ bytes: [UInt8]) -> Int? {
            HEIFColor.transfer(SourceBytes { Array(bytes.dropFirst($0).prefix($1)) })
        }
        let nclx = box("colr", Array("nclx".utf8) + [0, 9, 0, 16, 0, 9, 0x80])
        #expect(transfer(file(nclx)) == 16)
        #expect(transfer(file(box("colr", Array("prof".utf8) + [0, 9, 0, 16]))) == nil)
        let whole = file(nclx)
        for length in 8..<whole.count { _ = transfer(Array(whole[..<length])) }
        #expect(transfer(box("ftyp", []) + [0, 0, 0, 1] + Array("meta".utf8) + [255, 255, 255, 255]) == nil)
    }
}
