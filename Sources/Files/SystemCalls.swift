import Foundation

/// Repeats a call that a signal interrupted.
func uninterrupted<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// Writes all bytes; gives the system's number of what prevented it, nil when nothing did.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
    var rest = bytes
    while !rest.isEmpty {
        // Linux writes at most 2 GiB at a time.
        let written = uninterrupted { write(descriptor, rest.baseAddress, rest.count) }
        guard written > 0 else { return errno }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
    return nil
}

/// Writes all bytes at an offset, as ``writeAll(_:to:)``.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int) -> Int32? {
    var (rest, offset) = (bytes, offset)
    while !rest.isEmpty {
        let written = uninterrupted { pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset)) }
        guard written > 0 else { return errno }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        offset += written
    }
    return nil
}

/// Makes what was written durable; gives the system's number of what prevented it, nil when nothing did.
package func flush(_ descriptor: Int32) -> Int32? { uninterrupted { fsync(descriptor) } == 0 ? nil : errno }
