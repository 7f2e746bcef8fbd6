import Safetensors
import Torch
import TorchNN

/// The tensors of a file or of several that belong together, by their keys.
struct ImportedWeights {
    /// The file or folder, for messages.
    let source: String
    /// What kind of file it is, such as "a safetensors file".
    let kind: String
    var tensors: [String: ImportedTensor]
    /// Of a safetensors file.
    var metadata: [String: String] = [:]
    /// Throws when a file was written to since it was opened.
    let requireUnchanged: () throws -> Void
}

extension ImportedWeights {
    /// Of one safetensors file, or of an index with its shards.
    init(safetensors path: String) throws {
        let collection = try SafetensorsCollection(path: path)
        try self.init(
            source: path, kind: collection.files.count == 1 ? "a safetensors file" : "safetensors files",
            tensors: collection.importedTensors(), metadata: collection.metadata,
            requireUnchanged: { for file in collection.files { try file.mapping.requireUnchanged() } })
    }

    /// Of one file of torch.save, or of an index with its shards.
    init(torch path: String) throws {
        let index = path.hasSuffix(".json") ? try SafetensorsIndex(path: path) : nil
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let files = try (index?.fileNames.map { folder + $0 } ?? [path]).map { try TorchCheckpoint(path: $0) }
        var tensors: [String: ImportedTensor] = [:]
        for file in files {
            guard let items = Self.stateDict(of: file.root) else {
                throw ImportError(
                    "\(file.path) holds \(file.root.kind) without tensors by names; a state dict was expected")
            }
            for (key, value) in items {
                guard let tensor = value.tensor else { continue }
                if let listed = index?.weightMap[key], folder + listed != file.path { continue }
                if index != nil, index?.weightMap[key] == nil { continue }
                tensors[key] = try ImportedTensor(key, tensor)
            }
        }
        let lacking = (index?.weightMap.keys ?? [:].keys).filter { tensors[$0] == nil }
        guard lacking.isEmpty else {
            throw ImportError(
                "\(path): its shards lack \(ImportError.list(lacking)), which it lists; fetch the index and all shards again"
            )
        }
        self.init(
            source: path, kind: files.count == 1 ? "a file of torch.save" : "\(files.count) files of torch.save",
            tensors: tensors, requireUnchanged: { for file in files { try file.requireUnchanged() } })
    }

    /// The tensors by names, which trainers put into a dict with other things.
    private static func stateDict(of root: TorchCheckpoint.Node) -> [(key: String, value: TorchCheckpoint.Node)]? {
        func isStateDict(_ items: [(key: String, value: TorchCheckpoint.Node)]?) -> Bool {
            items?.contains { $0.value.tensor != nil } ?? false
        }
        let items = root.items
        if isStateDict(items) { return items }
        return ["state_dict", "module", "model", "model_state_dict"].lazy.compactMap { root[$0]?.items }
            .first(where: isStateDict)
    }
}

extension SafetensorsCollection {
    /// The tensors, each a copy when it is read, whose mapped memory is let go of.
    func importedTensors() throws -> [String: ImportedTensor] {
        try Dictionary(
            uniqueKeysWithValues: tensors.map { key, info in
                guard let file = file(of: key) else { preconditionFailure("every tensor has a file") }
                func bytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
                    defer { file.mapping.evict(byteOffset: info.byteOffset, byteCount: info.byteCount) }
                    return try file.mapping.withUnsafeBytes(
                        byteOffset: info.byteOffset, byteCount: info.byteCount, body)
                }
                return (
                    key,
                    try ImportedTensor(name: key, file: file.path, shape: info.shape, stored: info.dtype, bytes: bytes)
                )
            })
    }
}

extension ImportedTensor {
    /// Of a file of torch.save.
    init(_ name: String, _ tensor: TorchTensor) throws {
        try self.init(
            name: name, file: tensor.path, shape: tensor.shape, stored: tensor.dtype,
            bytes: { body in try tensor.bytes().withUnsafeBytes(body) })
    }

    /// - Parameter bytes: Lends the elements in C order, little endian.
    init(
        name: String, file: String, shape: [Int], stored: StoredDType,
        bytes: @escaping ((UnsafeRawBufferPointer) throws -> Tensor) throws -> Tensor
    ) throws {
        if let format = EightBitFloat(stored) {
            // Each of their values is one of bfloat16's as well.
            self.init(name: name, file: file, shape: shape, dtype: .bfloat16) {
                try bytes { try format.tensor(of: $0, shape: shape) }
            }
            return
        }
        guard let dtype = DType(stored: stored) else {
            throw ImportError(
                "\(file): the weight \(name) is of dtype \(stored.rawValue); a floating-point dtype was expected")
        }
        self.init(name: name, file: file, shape: shape, dtype: dtype) {
            try bytes { try Tensor(copying: $0, shape: shape, dtype: dtype) }
        }
    }
}
