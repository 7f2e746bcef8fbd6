/// The index of a checkpoint in several files, `<base>.safetensors.index.json`:
/// `{"metadata": {"total_size": n}, "weight_map": {tensor: file}}`.
///
/// Format: transformers and diffusers `save_pretrained`. Other keys are ignored.
package struct SafetensorsIndex: Sendable {
    /// The path as given.
    package let path: String
    /// The sum of all tensors' bytes that the writer noted, if it noted an integer. Not checked: some exporters count
    /// shared weights twice.
    package let totalSize: Int?
    /// The file name, beside the index, for each tensor's name.
    package let weightMap: [String: String]

    /// The files of `weightMap`, each once, in order of name.
    package var fileNames: [String] { Set(weightMap.values).sorted() }

    /// Reads the index at `path`; does not look at the files that it names.
    ///
    /// Throws `fileAccess`, `notARegularFile`, or `malformed`, also if a file name would lead out of the folder.
    package init(path: String) throws {
        let mapping = try MappedFile(path: path)
        guard mapping.count <= SafetensorsHeader.byteLimit else {
            throw SafetensorsError.malformed(
                path: path,
                reason: "it has \(mapping.count) bytes, and an index has at most \(SafetensorsHeader.byteLimit)")
        }
        var scanner = JSONScanner(try mapping.bytes(at: 0, count: mapping.count), path: path)
        var weightMap: [String: String]?
        var totalSize: Int?
        try scanner.object { scanner, key in
            switch key {
            case "weight_map": weightMap = try Self.weightMap(&scanner, path: path)
            case "metadata" where scanner.peek() == UInt8(ascii: "{"):
                try scanner.object { scanner, key in
                    let start = scanner
                    try scanner.skipValue()
                    // Some exporters wrote a float here; that is no reason to refuse their weights.
                    if key == "total_size" {
                        var again = start
                        totalSize = try? again.nonNegativeInteger()
                    }
                }
            default: try scanner.skipValue()
            }
        }
        try scanner.expectEnd(padding: [0x20, 0x0A, 0x0D, 0x09])
        guard let weightMap else { throw SafetensorsError.malformed(path: path, reason: "it has no weight_map") }
        guard !weightMap.isEmpty else {
            throw SafetensorsError.malformed(path: path, reason: "its weight_map is empty")
        }
        self.path = path
        self.totalSize = totalSize
        self.weightMap = weightMap
    }

    private static func weightMap(_ scanner: inout JSONScanner, path: String) throws -> [String: String] {
        var map: [String: String] = [:]
        try scanner.object { scanner, tensor in
            let file = try scanner.string()
            // Only a plain name: an index from the network must not make us open files elsewhere. NUL ends a C string.
            guard !file.isEmpty, file != ".", !file.contains(".."),
                !file.utf8.contains(where: { $0 == 0x2F || $0 == 0 })
            else {
                throw SafetensorsError.malformed(
                    path: path,
                    reason: "tensor \(tensor.quoted) lies in \(file.quoted), which is not a plain file name")
            }
            map[tensor] = file
        }
        return map
    }
}
