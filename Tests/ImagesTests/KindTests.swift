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

    /// libvips gives YCbCr that no JPEG decoder turns into RGB as it is.
    @Test func plainYCbCrIsRefused() throws {
        let error = try imageError { try read(tiff([(262, 3, 6)])) }
        #expect("\(error)".contains("YCbCr samples outside of JPEG"))
    }

    @Test func aMaskIsOnePicture() throws {
        func stored(_ name: String) throws -> StoredSamples {
            try ImageReader().readStored(contentsOf: Fixture.path(name))
        }
        for name in ["two-pages.tif", "two-frames.webp", "two-frames.png", "cmyk.tif"] {
            let error = #expect(throws: ImageError.self) { try stored(name) }
            #expect(error?.description.contains("a mask is one picture") == true, "\(name)")
        }
        // Smaller copies and transparency may follow.
        func header(_ kind: UInt32) -> TIFFHeader? {
            var file = tiff([])
            let next = UInt32(file.count)
            file.replaceSubrange((file.count - 4)..., with: withUnsafeBytes(of: next.littleEndian, Array.init))
            let second = Array(tiff([(254, 4, kind)])[12...])
            let bytes = file + second
            return TIFFHeader(SourceBytes { Array(bytes.dropFirst($0).prefix($1)) })
        }
        #expect(header(0)?.hasMorePictures == true && header(2)?.hasMorePictures == true)
        #expect(header(1)?.hasMorePictures == false && header(4)?.hasMorePictures == false)
        #expect(header(0)?.isWhiteZero == false)
    }

    @Test func losslessWebPIsToldBehindOtherChunks() {
        func chunk(_ kind: String, _ content: [UInt8]) -> [UInt8] {
            let padding = [UInt8](repeating: 0, count: content.count % 2)
            return Array(kind.utf8) + withUnsafeBytes(of: UInt32(content.count).littleEndian, Array.init) + content
                + padding
        }
        func header(_ chunks: [UInt8]) -> WebPHeader? {
            let file = Array("RIFF0000WEBP".utf8) + chunks
            return WebPHeader(SourceBytes { Array(file.dropFirst($0).prefix($1)) })
        }
        let extended = chunk("VP8X", [UInt8](repeating: 0, count: 10)) + chunk("ICCP", [1, 2, 3])
        #expect(header(chunk("VP8L", [1]))?.isLossless == true)
        #expect(header(extended + chunk("VP8L", [1]))?.isLossless == true)
        #expect(header(extended + chunk("VP8 ", [1]))?.isLossless == false)
        let frame = chunk("ANMF", [UInt8](repeating: 0, count: 16) + chunk("VP8L", [1]))
        #expect(header(extended + frame)?.isAnimated == true && header(extended + frame)?.isLossless == true)
        #expect(header(extended) == nil)
    }

    @Test(
        arguments: [
            ([0x1F, 0x8B, 8, 0], "gzip"), (Array("\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) }), "NumPy"),
            ([0, 0, 0, 0], "zeros alone"), (Array("\0\0\0\u{20}ftypisom".utf8), "a video"),
            (Array("\u{FEFF}<html>".utf8), "text"),
        ] as [([UInt8], String)]) func whatIsNoPictureIsNamed(_ bytes: [UInt8], _ name: String) throws
    {
        #expect("\(try imageError { try read(bytes) })".contains(name))
    }
}
