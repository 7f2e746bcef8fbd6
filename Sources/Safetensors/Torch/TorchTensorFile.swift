/// A `.pt` file that `torch.save` made of one tensor, read without Python.
///
/// Format: a zip of stored entries `<name>/data.pkl`, `<name>/data/<key>` and `<name>/byteorder`, since torch 1.6
/// (`torch/serialization.py`, `_save`).
package enum TorchTensorFile {
    /// The tensor in the file at `path`: its bytes in C order, little endian, also if it was saved as a strided view.
    ///
    /// A parameter counts as a tensor; device and `requires_grad` are ignored. Nothing in the file is ever executed.
    /// Throws `refusedTorchFile` if the file holds anything else (a dict, a list, a name that could run code), is
    /// compressed, big endian or an expanded view; `malformed` or `outOfBounds` if it is damaged; `fileAccess` or
    /// `notARegularFile` if it cannot be opened. Peak memory: the storage twice if the tensor is a view, else once.
    package static func read(path: String) throws -> (dtype: StoredDType, shape: [Int], bytes: [UInt8]) {
        let archive = try ZipArchive(try MappedFile(path: path))
        let pickles = archive.names.filter { $0.hasSuffix("/data.pkl") }
        guard pickles.count == 1, let pickleName = pickles.first, let pickle = try archive.contents(of: pickleName)
        else {
            throw SafetensorsError.malformed(
                path: path, reason: "it has \(pickles.count) data.pkl entries where a torch.save file has 1")
        }
        let folder = pickleName.folderPrefix
        // Older files have no such record; torch takes them for little endian as well.
        if let order = try archive.contents(of: folder + "byteorder"), order != Array("little".utf8) {
            let name = String(decoding: order, as: UTF8.self)
            throw SafetensorsError.refusedTorchFile(
                path: path, reason: "its byte order is \(name.quoted) where \"little\" was expected")
        }
        let layout = try TensorUnpickler.layout(of: pickle, path: path)
        guard let storage = try archive.contents(of: "\(folder)data/\(layout.storage.key)") else {
            throw SafetensorsError.malformed(path: path, reason: "it lacks the storage \(layout.storage.key.quoted)")
        }
        return (layout.storage.dtype, layout.shape, try layout.gather(from: storage, path: path))
    }
}
