import Synchronization

/// A file of `torch.save`: a zip of stored entries `<name>/data.pkl`, `<name>/data/<key>` and `<name>/byteorder`, since torch 1.6
/// (`torch/serialization.py`, `_save`).
final class TorchArchive: Sendable {
    let path: String
    private let mapping: MappedFile
    private let zip: ZipArchive
    private let folder: String
    /// The storages whose bytes are known to be those that were written.
    private let checked = Mutex<Set<String>>([])

    init(path: String) throws {
        self.path = path
        mapping = try MappedFile(path: path)
        zip = try ZipArchive(mapping)
        let pickles = zip.names.filter { $0.hasSuffix("/data.pkl") }
        guard pickles.count == 1, let pickle = pickles.first else {
            throw SafetensorsError.malformed(
                path: path, reason: "it has \(pickles.count) data.pkl entries where a torch.save file has 1")
        }
        folder = pickle.folderPrefix
        // Older files have no such record; torch takes them for little endian as well.
        if let order = try zip.contents(of: folder + "byteorder"), order != Array("little".utf8) {
            let name = String(decoding: order, as: UTF8.self)
            throw SafetensorsError.refusedTorchFile(
                path: path, reason: "its byte order is \(name.quoted) where \"little\" was expected")
        }
    }

    /// What the pickle describes.
    func content() throws -> PickledContent {
        try Unpickler.content(of: zip.contents(of: folder + "data.pkl") ?? [], path: path)
    }

    /// Lends the bytes of a storage, whose checksum is looked at when it is first asked for, and lets go of their memory.
    func withStorage<R>(_ storage: TorchStorage, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        let name = "\(folder)data/\(storage.key)"
        guard let place = try zip.place(of: name) else {
            throw SafetensorsError.malformed(path: path, reason: "it lacks the storage \(storage.key.quoted)")
        }
        if !checked.withLock({ $0.contains(name) }) {
            try zip.check(name, at: place)
            checked.withLock { _ = $0.insert(name) }
        }
        defer { mapping.evict(byteOffset: place.lowerBound, byteCount: place.count) }
        return try mapping.withUnsafeBytes(byteOffset: place.lowerBound, byteCount: place.count, body)
    }

    /// Throws `changed` when the file was written to since it was opened.
    func requireUnchanged() throws { try mapping.requireUnchanged() }
}
