import Foundation

@testable import Safetensors

/// The little-endian bytes of an integer.
func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// A safetensors file of any header text, valid or not.
func safetensorsBytes(header: String, data: [UInt8] = [], headerLength: UInt64? = nil) -> [UInt8] {
    littleEndian(headerLength ?? UInt64(header.utf8.count)) + Array(header.utf8) + data
}

/// A zip file for tests, with right checksums around wrong content.
struct TestZip {
    var entries: [(name: String, content: [UInt8])]
    /// Puts sizes and offsets into ZIP64 records only.
    var isWide = false

    var bytes: [UInt8] {
        var data: [UInt8] = []
        var directory: [UInt8] = []
        for (name, content) in entries {
            let nameBytes = Array(name.utf8)
            let size = UInt64(content.count)
            let offset = UInt64(data.count)
            let checksum = littleEndian(content.withUnsafeBytes { CRC32.checksum(of: $0) })
            let sizes = littleEndian(isWide ? UInt32.max : UInt32(size))
            let wide = littleEndian(UInt16(1)) + littleEndian(UInt16(24)) + [size, size, offset].flatMap(littleEndian)
            let extra = isWide ? wide : []
            let common = [UInt8](repeating: 0, count: 6) + [0, 0, 0, 0] + checksum + sizes + sizes
            let lengths = littleEndian(UInt16(nameBytes.count)) + littleEndian(UInt16(extra.count))
            directory += [0x50, 0x4B, 1, 2, 0, 0] + common + lengths + [UInt8](repeating: 0, count: 10)
            directory += littleEndian(isWide ? UInt32.max : UInt32(offset)) + nameBytes + extra
            data += [0x50, 0x4B, 3, 4] + common + littleEndian(UInt16(nameBytes.count)) + [0, 0] + nameBytes + content
        }
        let count = entries.count
        var end: [UInt8] = []
        if isWide {
            end += [0x50, 0x4B, 6, 6] + littleEndian(UInt64(44)) + [UInt8](repeating: 0, count: 12)
            end += [count, count, directory.count, data.count].flatMap { littleEndian(UInt64($0)) }
            end += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + littleEndian(UInt64(data.count + directory.count)) + [1, 0, 0, 0]
        }
        end += [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
        end += littleEndian(isWide ? UInt16.max : UInt16(count)) + littleEndian(isWide ? UInt16.max : UInt16(count))
        end += littleEndian(isWide ? UInt32.max : UInt32(directory.count))
        end += littleEndian(isWide ? UInt32.max : UInt32(data.count)) + [0, 0]
        return data + directory + end
    }
}

/// A `.pt` file of one f32 tensor, each part of which a test can replace.
struct TestTorchFile {
    var offset = 0
    var shape = [2, 3]
    var strides = [3, 1]
    var storageCount = 6
    var storage: [UInt8] = (0..<6).flatMap { littleEndian(Float($0).bitPattern) }
    var byteOrder: String? = "little"
    var isWide = false
    var pickle: [UInt8]?

    var bytes: [UInt8] {
        var entries: [(name: String, content: [UInt8])] = [
            ("a/data.pkl", pickle ?? tensorPickle), ("a/data/0", storage),
        ]
        if let byteOrder { entries.append(("a/byteorder", Array(byteOrder.utf8))) }
        return TestZip(entries: entries, isWide: isWide).bytes
    }

    var tensorPickle: [UInt8] {
        var text = Array("\u{80}".unicodeScalars.map { UInt8($0.value) }) + [2]
        text += Array("ctorch._utils\n_rebuild_tensor_v2\n((".utf8) + Self.string("storage")
        text += Array("ctorch\nFloatStorage\n".utf8) + Self.string("0") + Self.string("cpu")
        text += Self.integer(storageCount) + Array("tQ".utf8) + Self.integer(offset)
        text += Array("(".utf8) + shape.flatMap(Self.integer) + Array("t(".utf8) + strides.flatMap(Self.integer)
        return text + Array("t".utf8) + [0x89] + Array("ccollections\nOrderedDict\n)RtR.".utf8)
    }

    static func string(_ text: String) -> [UInt8] {
        [0x58] + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
    }

    static func integer(_ value: Int) -> [UInt8] {
        [0x8A, 8] + littleEndian(Int64(value))
    }
}

/// SplitMix64: the same mutations in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
