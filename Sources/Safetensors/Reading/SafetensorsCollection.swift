/// The tensors of a checkpoint, whether it is one safetensors file or an index with its shards.
package struct SafetensorsCollection: Sendable {
    /// The opened files, in order of name.
    package let files: [SafetensorsFile]
    /// The metadata on which all files agree.
    package let metadata: [String: String]
    /// All tensors by name; an offset counts from the start of the tensor's own file.
    package let tensors: [String: TensorInfo]

    private let fileIndices: [String: Int]

    /// Opens the file at `path`, or every file of the index if `path` ends in ".json".
    ///
    /// Of shards the index decides what is read, as with diffusers: a tensor that it does not list is as if it were not there.
    ///
    /// Throws what `SafetensorsFile` and `SafetensorsIndex` throw, and `shardMismatch` if a shard lacks a tensor that the
    /// index lists for it.
    package init(path: String) throws {
        guard path.hasSuffix(".json") else {
            let file = try SafetensorsFile(path: path)
            self.init(files: [file], tensors: file.tensors, fileIndices: file.tensors.mapValues { _ in 0 })
            return
        }
        let index = try SafetensorsIndex(path: path)
        let folder = index.path.folderPrefix
        let files = try index.fileNames.map { try SafetensorsFile(path: folder + $0) }
        let listed = Dictionary(grouping: index.weightMap.keys) { index.weightMap[$0] ?? "" }
        var tensors: [String: TensorInfo] = [:]
        var fileIndices: [String: Int] = [:]
        for (place, (name, file)) in zip(index.fileNames, files).enumerated() {
            let keys = listed[name] ?? []
            let missing = keys.filter { file.tensors[$0] == nil }
            guard missing.isEmpty else {
                throw SafetensorsError.shardMismatch(path: file.path, missing: missing.sorted())
            }
            for key in keys {
                tensors[key] = file.tensors[key]
                fileIndices[key] = place
            }
        }
        self.init(files: files, tensors: tensors, fileIndices: fileIndices)
    }

    private init(files: [SafetensorsFile], tensors: [String: TensorInfo], fileIndices: [String: Int]) {
        (self.files, self.tensors, self.fileIndices) = (files, tensors, fileIndices)
        metadata = (files.first?.metadata ?? [:]).filter { key, value in
            files.allSatisfy { $0.metadata[key] == value }
        }
    }

    /// The file that holds a tensor, or nil if none does.
    package func file(of name: String) -> SafetensorsFile? {
        fileIndices[name].map { files[$0] }
    }

    /// The same tensors under other names. Throws `malformed` if two come to have the same.
    func renamed(_ rename: (String) -> String) throws -> SafetensorsCollection {
        var names: [String: String] = [:]
        for name in tensors.keys.sorted() {
            if let other = names.updateValue(name, forKey: rename(name)) {
                throw SafetensorsError.malformed(
                    path: files.first?.path ?? "",
                    reason: "the tensors \(other.quoted) and \(name.quoted) are the same weight")
            }
        }
        return SafetensorsCollection(
            files: files, tensors: names.compactMapValues { tensors[$0] },
            fileIndices: names.compactMapValues { fileIndices[$0] })
    }
}
