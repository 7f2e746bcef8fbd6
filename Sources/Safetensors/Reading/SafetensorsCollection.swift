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
    /// Throws what `SafetensorsFile` and `SafetensorsIndex` throw, and `shardMismatch` if a shard does not hold exactly
    /// the tensors that the index lists for it.
    package init(path: String) throws {
        let files =
            path.hasSuffix(".json")
            ? try Self.shards(of: SafetensorsIndex(path: path))
            : [try SafetensorsFile(path: path)]
        var tensors: [String: TensorInfo] = [:]
        var fileIndices: [String: Int] = [:]
        for (index, file) in files.enumerated() {
            // No name is in two files: the index gives each tensor one file, and shards hold no unlisted tensor.
            tensors.merge(file.tensors) { first, _ in first }
            for name in file.tensors.keys { fileIndices[name] = index }
        }
        self.files = files
        self.tensors = tensors
        self.fileIndices = fileIndices
        metadata = (files.first?.metadata ?? [:]).filter { key, value in
            files.allSatisfy { $0.metadata[key] == value }
        }
    }

    /// The file that holds a tensor, or nil if none does.
    package func file(of name: String) -> SafetensorsFile? {
        fileIndices[name].map { files[$0] }
    }

    private static func shards(of index: SafetensorsIndex) throws -> [SafetensorsFile] {
        let folder = index.path.folderPrefix
        let listedNames = Dictionary(grouping: index.weightMap.keys) { index.weightMap[$0] ?? "" }
        return try index.fileNames.map { fileName in
            let file = try SafetensorsFile(path: folder + fileName)
            let listed = Set(listedNames[fileName] ?? [])
            let stored = Set(file.tensors.keys)
            guard listed == stored else {
                throw SafetensorsError.shardMismatch(
                    path: file.path, missing: listed.subtracting(stored).sorted(),
                    unlisted: stored.subtracting(listed).sorted())
            }
            return file
        }
    }
}
