package import Foundation

/// Large memory that goes back to the system as soon as it is let go, whatever malloc keeps.
package enum AnonymousMemory {
    /// So many bytes, as `fill` leaves them; 0 at first. Throws ``MemoryError`` where there is no room, and what `fill` throws.
    package static func make(_ count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws -> Data {
        guard count > 0 else { return Data() }
        let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
        guard let address, address != MAP_FAILED else {
            throw MemoryError(description: "\(MachineMemory.text(count)) of memory could not be had")
        }
        do {
            try fill(UnsafeMutableRawBufferPointer(start: address, count: count))
        } catch {
            munmap(address, count)
            throw error
        }
        // Takes a few bytes into itself and unmaps them at once.
        return Data(bytesNoCopy: address, count: count, deallocator: .unmap)
    }
}
