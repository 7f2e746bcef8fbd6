/// A protobuf message in its wire format, field after field, in the order that they are added.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    mutating func add(_ field: Int, _ value: Double) {
        begin(field, .fixed64)
        append(value.bitPattern)
    }

    mutating func add(_ field: Int, _ value: Float) {
        begin(field, .fixed32)
        append(value.bitPattern)
    }

    mutating func add(_ field: Int, _ value: Int) {
        begin(field, .varint)
        appendVarint(UInt64(bitPattern: Int64(value)))
    }

    mutating func add(_ field: Int, _ value: Bool) { add(field, value ? 1 : 0) }

    mutating func add(_ field: Int, _ value: [UInt8]) {
        begin(field, .lengthDelimited)
        appendVarint(UInt64(value.count))
        bytes += value
    }

    mutating func add(_ field: Int, _ value: String) { add(field, Array(value.utf8)) }
    mutating func add(_ field: Int, _ value: ProtobufMessage) { add(field, value.bytes) }

    private mutating func begin(_ field: Int, _ type: WireType) { appendVarint(UInt64(field) << 3 | type.rawValue) }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    private mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

extension ProtobufMessage {
    init(_ build: (inout ProtobufMessage) -> Void) { build(&self) }
}
