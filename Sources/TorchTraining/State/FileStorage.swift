import Files
package import Torch

/// Slots that are kept in a file: read ahead of their use, written behind it.
///
/// What is present, on its way or kept for its next use takes bounded memory. The file is written and read by threads, never mapped, so that
/// the system counts no more of it to the process than that.
package final class FileStorage: StateStorage {
    private struct Key: Hashable {
        let slot: StateSlot
        let part: Int
    }

    private final class Place {
        let name: String
        let count: Int
        let offset: Int
        /// Whether all numbers are zero, whatever the file has.
        var isZero: Bool
        var memory: HostMemory?
        var transfer: FileTransfer?
        var holders = 0
        var isChanged = false

        var byteCount: Int { 4 * count }

        init(name: String, count: Int, offset: Int, isZero: Bool) {
            (self.name, self.count, self.offset, self.isZero) = (name, count, offset, isZero)
        }
    }

    private let file: ScratchFile
    private let threads = TransferThreads()
    private let memoryLimit: Int?
    private var places: [Key: Place] = [:]
    /// Places whose memory nobody holds, the one to do without first.
    private var idle: [Key] = []
    /// Those that somebody will want next, the first one first.
    private var awaited: [Key] = []
    /// Memory of no place, to be used again.
    private var spare: [HostMemory] = []
    private var usedBytes = 0
    private var largestBytes = 0

    package var isResident: Bool { false }

    /// - Parameters:
    ///   - folder: On a fast disk; made where there is none.
    ///   - memoryLimit: Bytes of memory to use, which are exceeded where a single part's slots take more; nil for what lets the next part's
    ///     slots be read and the last one's be written while one is worked on.
    /// - Throws: `FileError`.
    package init(folder: String, memoryLimit: Int? = nil) throws {
        file = try ScratchFile(in: folder)
        self.memoryLimit = memoryLimit
    }

    /// Five slots at work, four on their way to the file, and one that is already read.
    private var limit: Int { memoryLimit ?? max(512 << 20, 10 * largestBytes) }

    package func create(_ slot: StateSlot, of part: Int, from tensor: Tensor) throws {
        let key = Key(slot: slot, part: part)
        let place = try makePlace(key, tensor.elementCount)
        let memory = try provideMemory(for: place)
        try withoutGradients { try view(of: place, memory).copyInPlace(tensor) }
        (place.isZero, place.isChanged) = (false, true)
        try becomeIdle(key, place)
    }

    package func create(_ slot: StateSlot, of part: Int, count: Int) throws {
        try makePlace(Key(slot: slot, part: part), count)
    }

    @discardableResult
    private func makePlace(_ key: Key, _ count: Int) throws -> Place {
        let place = Place(
            name: "\(key.slot.rawValue) \(key.part)", count: count, offset: try file.reserve(4 * count), isZero: true)
        places[key] = place
        largestBytes = max(largestBytes, place.byteCount)
        return place
    }

    private func place(_ key: Key) -> Place {
        guard let place = places[key] else {
            preconditionFailure("nobody created \(key.slot.rawValue) of part \(key.part)")
        }
        return place
    }

    package func expect(_ slots: [StateSlot], of part: Int) throws {
        for slot in slots {
            let key = Key(slot: slot, part: part)
            guard let place = places[key], place.holders == 0 else { continue }
            if place.memory == nil {
                guard !place.isZero, try makeRoom(for: place.byteCount, waiting: false) else { continue }
                try beginReading(place)
            }
            idle.removeAll { $0 == key }
            if !awaited.contains(key) { awaited.append(key) }
        }
    }

    package func acquire(_ slot: StateSlot, of part: Int) throws -> Tensor {
        let key = Key(slot: slot, part: part)
        let place = place(key)
        if place.memory == nil { try beginReading(place) }
        idle.removeAll { $0 == key }
        awaited.removeAll { $0 == key }
        place.holders += 1
        do {
            try settle(place)
            guard let memory = place.memory else { preconditionFailure("memory was provided") }
            return try view(of: place, memory)
        } catch {
            place.holders -= 1
            if place.holders == 0 { idle.append(key) }
            throw error
        }
    }

    package func release(_ slot: StateSlot, of part: Int, _ change: SlotChange) throws {
        let key = Key(slot: slot, part: part)
        let place = place(key)
        precondition(place.holders > 0, "\(place.name) was released more often than acquired")
        place.holders -= 1
        switch change {
        case .unchanged: break
        case .changed: (place.isChanged, place.isZero) = (true, false)
        case .cleared: (place.isChanged, place.isZero) = (false, true)
        }
        if place.holders == 0 { try becomeIdle(key, place) }
    }

    private func becomeIdle(_ key: Key, _ place: Place) throws {
        guard let memory = place.memory, !place.isZero else { return letGo(place) }
        if place.isChanged {
            place.transfer = threads.begin(place.name, .write, file, memory.first(place.byteCount), at: place.offset)
            place.isChanged = false
        }
        idle.append(key)
    }

    private func beginReading(_ place: Place) throws {
        let memory = try provideMemory(for: place)
        if place.isZero { return memory.clear() }
        place.transfer = threads.begin(place.name, .read, file, memory.first(place.byteCount), at: place.offset)
    }

    /// Waits for what is under way with a place.
    private func settle(_ place: Place) throws {
        guard let transfer = place.transfer else { return }
        place.transfer = nil
        try transfer.wait()
    }

    private func view(of place: Place, _ memory: HostMemory) throws -> Tensor {
        guard let start = memory.bytes.baseAddress else { preconditionFailure("memory begins somewhere") }
        return try Tensor(borrowing: start, shape: [place.count], dtype: .float32, owner: memory)
    }

    /// Memory of any content.
    private func provideMemory(for place: Place) throws -> HostMemory {
        if !spare.contains(where: { $0.fits(place.byteCount) }) {
            _ = try makeRoom(for: place.byteCount, waiting: true)
        }
        let memory: HostMemory
        if let index = spare.firstIndex(where: { $0.fits(place.byteCount) }) {
            memory = spare.remove(at: index)
        } else {
            memory = try HostMemory(byteCount: place.byteCount)
            usedBytes += memory.bytes.count
        }
        place.memory = memory
        return memory
    }

    private func letGo(_ place: Place) {
        if let memory = place.memory { spare.append(memory) }
        place.memory = nil
    }

    /// Does without what nobody holds until so many bytes are free or spare in one piece.
    ///
    /// - Parameter waiting: Whether to wait for transfers, and to give up what is awaited where nothing else is left.
    /// - Returns: Whether there is room.
    private func makeRoom(for byteCount: Int, waiting: Bool) throws -> Bool {
        while usedBytes + byteCount > limit, !spare.contains(where: { $0.fits(byteCount) }) {
            if let memory = spare.popLast() {
                usedBytes -= memory.bytes.count
            } else if let index = idle.firstIndex(where: { waiting || place($0).transfer?.isDone != false }) {
                let other = place(idle.remove(at: index))
                try settle(other)
                letGo(other)
            } else if waiting, let key = awaited.popLast() {
                try settle(place(key))
                letGo(place(key))
            } else {
                return false
            }
        }
        return true
    }
}
