import Foundation
import Torch

/// Memory for a slot that goes back to the system when nobody has it, which an allocator's would not.
final class HostMemory {
    let bytes: UnsafeMutableRawBufferPointer

    /// Throws `TorchError` when there is no room.
    init(byteCount: Int) throws {
        let size = Self.size(of: byteCount)
        let pointer = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pointer, pointer != MAP_FAILED else {
            throw TorchError.outOfMemory("mmap", "\(size) bytes for the state of training were refused")
        }
        bytes = UnsafeMutableRawBufferPointer(start: pointer, count: size)
        #if os(Linux)
        // Large pages; where there are none, small ones serve.
        madvise(pointer, size, 14)
        #endif
    }

    /// As many bytes from the start, for which there is room.
    func first(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[..<byteCount])
    }

    /// Whether it is as large as memory made for so many bytes.
    func fits(_ byteCount: Int) -> Bool { bytes.count == Self.size(of: byteCount) }

    func clear() { bytes.initializeMemory(as: UInt8.self, repeating: 0) }

    private static func size(of byteCount: Int) -> Int { (max(1, byteCount) + 4095) & ~4095 }

    deinit { munmap(bytes.baseAddress, bytes.count) }
}
