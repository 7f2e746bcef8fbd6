/// A record of an event file (tensorboard/compat/proto/event.proto).
struct Event {
    enum Content {
        /// What every file begins with.
        case fileVersion
        /// That what earlier files have from this step on no longer holds.
        case sessionStart
        case summary([Summary])
    }

    let time: Double
    var step = 0
    let content: Content

    private var message: ProtobufMessage {
        ProtobufMessage { event in
            event.add(1, time)
            if step != 0 { event.add(2, step) }
            switch content {
            case .fileVersion:
                event.add(3, "brain.Event:2")
                event.add(10, ProtobufMessage { $0.add(1, "transeg") })
            case .sessionStart:
                event.add(7, ProtobufMessage { $0.add(1, 1) })
            case .summary(let values):
                event.add(5, ProtobufMessage { summary in for value in values { summary.add(1, value.message) } })
            }
        }
    }

    /// With length and checksums, as TFRecord files have it.
    var record: [UInt8] {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
        let payload = message.bytes
        let length = bytes(UInt64(payload.count))
        return length + bytes(CRC32C.masked(length)) + payload + bytes(CRC32C.masked(payload))
    }
}
