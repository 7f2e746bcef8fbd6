/// Label Studio's run-length code of a picture of red, green, blue and alpha, each 0 or 255: the bit stream of `@thi.ng/rle-pack`, as
/// `label_studio_converter.brush` 0.0.59 writes and reads it.
///
/// A header of 32 bits for the number of values, 5 for the bits of a value less 1, and four times 4 for the bits of a run's length less 1. Then
/// runs: a bit that says whether one value is repeated, 2 for which length it has, the length less 1, and the value or the values.
enum LabelStudioRunLength {
    private static let lengthBits = [3, 4, 8, 16]
    /// Of a pixel, all the same.
    private static let samples = 4

    static func encoded(_ pixels: [Bool]) -> [UInt8] {
        var bits = BitWriter()
        bits.append(pixels.count * samples, 32)
        bits.append(7, 5)
        for length in lengthBits { bits.append(length - 1, 4) }
        var start = 0
        while start < pixels.count {
            var end = start
            while end < pixels.count, pixels[end] == pixels[start] { end += 1 }
            var left = (end - start) * samples
            while left > 0 {
                let length = min(left, 1 << 16)
                let kind = lengthBits.firstIndex { length <= 1 << $0 } ?? 3
                bits.append(1, 1)
                bits.append(kind, 2)
                bits.append(length - 1, lengthBits[kind])
                bits.append(pixels[start] ? 255 : 0, 8)
                left -= length
            }
            start = end
        }
        return bits.bytes
    }

    /// Whether each pixel's alpha is more than 0. Throws ``AnnotationError``.
    static func decoded(_ code: [UInt8], pixelCount: Int) throws -> [Bool] {
        let fault = AnnotationError(
            "a run-length code is not one of Label Studio's for a picture of \(pixelCount) pixels")
        var bits = BitReader(bytes: code)
        guard let count = bits.read(32), count == pixelCount * samples, let valueBits = bits.read(5).map({ $0 + 1 })
        else { throw fault }
        let lengths = (0..<4).map { _ in (bits.read(4) ?? 0) + 1 }
        var pixels = [Bool](repeating: false, count: pixelCount)
        var place = 0
        func put(_ value: Int) {
            if place % samples == samples - 1, value > 0 { pixels[place / samples] = true }
            place += 1
        }
        while place < count {
            guard let isRun = bits.read(1), let kind = bits.read(2), let length = bits.read(lengths[kind]),
                place + length < count
            else { throw fault }
            if isRun == 1 {
                guard let value = bits.read(valueBits) else { throw fault }
                for _ in 0...length { put(value) }
            } else {
                for _ in 0...length {
                    guard let value = bits.read(valueBits) else { throw fault }
                    put(value)
                }
            }
        }
        return pixels
    }

    /// Bits, the highest of a byte first.
    private struct BitWriter {
        private(set) var bytes: [UInt8] = []
        private var count = 0

        mutating func append(_ value: Int, _ width: Int) {
            for bit in (0..<width).reversed() {
                if count % 8 == 0 { bytes.append(0) }
                if value >> bit & 1 == 1 { bytes[bytes.count - 1] |= 1 << UInt8(7 - count % 8) }
                count += 1
            }
        }
    }

    private struct BitReader {
        let bytes: [UInt8]
        private var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        /// nil when there are not so many.
        mutating func read(_ width: Int) -> Int? {
            guard position + width <= bytes.count * 8 else { return nil }
            var value = 0
            for _ in 0..<width {
                value = value << 1 | Int(bytes[position / 8] >> UInt8(7 - position % 8) & 1)
                position += 1
            }
            return value
        }
    }
}
