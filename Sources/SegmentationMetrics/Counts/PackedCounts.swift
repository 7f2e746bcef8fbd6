/// Numbers that are mostly small, a byte for each seven bits (LEB128): an evaluation keeps 512 of them for each picture, and most are 0.
struct PackedCounts: Codable, Equatable, Sendable {
    private var bytes: [UInt8]

    init(_ numbers: [Int]) {
        bytes = []
        for number in numbers {
            var rest = UInt64(bitPattern: Int64(number))
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
        // What appending had reserved would stay with the picture.
        bytes = bytes.withUnsafeBufferPointer { Array($0) }
    }

    var numbers: [Int] {
        get {
            var numbers: [Int] = []
            numbers.reserveCapacity(256)
            var (number, shift) = (0 as UInt64, 0 as UInt64)
            for byte in bytes {
                number |= UInt64(byte & 0x7F) << shift
                shift += 7
                guard byte < 0x80 else { continue }
                numbers.append(Int(Int64(bitPattern: number)))
                (number, shift) = (0, 0)
            }
            return numbers
        }
        set { self = PackedCounts(newValue) }
    }

    init(from decoder: any Decoder) throws { self.init(try [Int](from: decoder)) }

    func encode(to encoder: any Encoder) throws { try numbers.encode(to: encoder) }
}
