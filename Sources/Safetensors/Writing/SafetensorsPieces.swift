import Files
import Foundation

/// A safetensors file whose tensors come one by one, in any order, as nobody has all of them at once. It has the bytes that
/// ``SafetensorsWriter`` would write.
///
/// Nothing hides the file while it is being written, and nothing removes it: it is for staged folders.
package final class SafetensorsPieces {
    private let path: String
    private let descriptor: Int32
    private let slots: [SafetensorsSlot]
    private let offsets: [Int]
    private let places: [String: Int]
    private let byteCount: Int
    /// The tensors that have been written, by their places.
    private var isWritten: [Bool]
    private let hash = SHA256()
    /// The first tensor that is not in the hash yet.
    private var hashed = 0

    /// Makes the file, which must not be there, with its header. Throws `cannotWrite` for tensors that no file can have; `FileError`.
    package init(_ path: String, metadata: [String: String] = ["format": "pt"], _ slots: [SafetensorsSlot]) throws {
        let slots = slots.sorted { $0.precedes($1) }
        let header = try HeaderEncoder.encode(metadata: metadata, entries: slots, path: path)
        (self.path, self.slots) = (path, slots)
        isWritten = slots.map { _ in false }
        places = Dictionary(uniqueKeysWithValues: slots.enumerated().map { ($1.name, $0) })
        var (offsets, end) = ([Int](), header.count)
        for slot in slots {
            offsets.append(end)
            end += slot.byteCount
        }
        (self.offsets, byteCount) = (offsets, end)
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        try header.withUnsafeBytes {
            hash.update($0)
            try write($0, at: 0)
        }
    }

    deinit { close(descriptor) }

    /// Writes the bytes of tensors, C order, little endian, one after the other; each tensor once.
    ///
    /// Throws `FileError`, for instance when the disk is full.
    package func write(_ bytes: UnsafeRawBufferPointer, of names: [String]) throws {
        var (rest, run) = (bytes, [Int]())
        for name in names {
            guard let place = places[name], !isWritten[place], !run.contains(place) else {
                preconditionFailure("\(name) of \(path)")
            }
            if let last = run.last, place != last + 1 { try write(&rest, of: &run) }
            run.append(place)
        }
        try write(&rest, of: &run)
        precondition(rest.isEmpty, "\(rest.count) bytes are of no tensor of \(path)")
    }

    /// Writes tensors whose places follow each other.
    private func write(_ rest: inout UnsafeRawBufferPointer, of run: inout [Int]) throws {
        guard let first = run.first else { return }
        let count = run.map { slots[$0].byteCount }.reduce(0, +)
        try write(UnsafeRawBufferPointer(rebasing: rest[..<count]), at: offsets[first])
        for place in run { isWritten[place] = true }
        while hashed < slots.count, isWritten[hashed] {
            let (start, length) = (offsets[hashed] - offsets[first], slots[hashed].byteCount)
            // What came before its turn is read again.
            if run.contains(hashed) {
                hash.update(UnsafeRawBufferPointer(rebasing: rest[start..<start + length]))
            } else {
                try rehash(hashed)
            }
            hashed += 1
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        run = []
    }

    /// Makes the file durable; gives its size and SHA-256. All tensors must have been written. Throws `FileError`.
    package func finish() throws -> (bytes: Int, sha256: String) {
        guard hashed == slots.count else { preconditionFailure("\(slots[hashed].name) of \(path) was not written") }
        if let code = flush(descriptor) { throw FileError(path: path, code: code) }
        return (byteCount, hash.finish())
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        if let code = writeAll(bytes, to: descriptor, at: offset) { throw FileError(path: path, code: code) }
    }

    private func rehash(_ place: Int) throws {
        var (offset, rest) = (offsets[place], slots[place].byteCount)
        var buffer = [UInt8](repeating: 0, count: min(1 << 20, rest))
        while rest > 0 {
            let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, min($0.count, rest), offset) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError(path: path, code: count == 0 ? EIO : errno) }
            buffer[..<count].withUnsafeBytes(hash.update)
            (offset, rest) = (offset + count, rest - count)
        }
    }
}
