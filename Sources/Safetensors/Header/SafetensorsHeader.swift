/// The header of a safetensors file, checked against the size of the file.
///
/// Format (safetensors README and `tensor.rs`): the header's length N as a little-endian u64, N bytes of JSON, the data.
struct SafetensorsHeader {
    /// The reference's limit on N. It bounds what a hostile file can make us hold, tensor count and names included.
    static let byteLimit = 100_000_000
    /// The one key of the header that is no tensor.
    static let metadataKey = "__metadata__"

    private(set) var metadata: [String: String] = [:]
    private(set) var tensors: [String: TensorInfo] = [:]

    /// Reads and checks the header. Throws `truncated`, `malformed` or `unsupportedDType`.
    init(of mapping: MappedFile) throws {
        let path = mapping.path
        guard mapping.count >= 8 else {
            throw SafetensorsError.truncated(path: path, expectedByteCount: 8, actualByteCount: mapping.count)
        }
        let length = try mapping.littleEndian(UInt64.self, at: 0)
        guard length <= Self.byteLimit else {
            throw SafetensorsError.malformed(
                path: path,
                reason: "its first 8 bytes announce a header of \(length) bytes where \(Self.byteLimit) are allowed, "
                    + "so that this is hardly a safetensors file")
        }
        let dataStart = 8 + Int(length)
        guard dataStart <= mapping.count else {
            throw SafetensorsError.truncated(path: path, expectedByteCount: dataStart, actualByteCount: mapping.count)
        }
        let text = try mapping.bytes(at: 8, count: Int(length))
        guard text.first == UInt8(ascii: "{") else {
            throw SafetensorsError.malformed(path: path, reason: "its header does not start with '{'")
        }

        var scanner = JSONScanner(text, path: path)
        var metadata: [String: String] = [:]
        var infos: [TensorInfo] = []
        try scanner.object { scanner, key in
            if key == Self.metadataKey {
                try scanner.object { scanner, key in metadata[key] = try scanner.string() }
            } else {
                infos.append(try Self.tensor(name: key, dataStart: dataStart, &scanner, path: path))
            }
        }
        try scanner.expectEnd(padding: [0x20])
        try Self.checkLayout(of: infos, dataStart: dataStart, fileByteCount: mapping.count, path: path)
        self.metadata = metadata
        tensors = Dictionary(infos.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Reads `{"dtype": ..., "shape": [...], "data_offsets": [begin, end]}`.
    private static func tensor(
        name: String, dataStart: Int, _ scanner: inout JSONScanner, path: String
    ) throws -> TensorInfo {
        func malformed(_ reason: String) -> SafetensorsError {
            .malformed(path: path, reason: "tensor \(name.quoted) \(reason)")
        }
        var dtypeName: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { scanner, key in
            switch key {
            case "dtype": dtypeName = try scanner.string()
            case "shape": shape = try Self.integers(&scanner)
            case "data_offsets": offsets = try Self.integers(&scanner)
            default: throw malformed("has the unknown key \(key.quoted)")
            }
        }
        guard let dtypeName, let shape, let offsets else { throw malformed("lacks dtype, shape or data_offsets") }
        guard let dtype = StoredDType(rawValue: dtypeName) else {
            throw SafetensorsError.unsupportedDType(path: path, tensor: name, dtype: dtypeName)
        }
        guard let byteCount = dtype.byteCount(ofShape: shape) else {
            throw malformed("has the shape \(shape.listed), whose size overflows")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw malformed("has data_offsets that are not a begin and a later or equal end")
        }
        guard offsets[1] - offsets[0] == byteCount else {
            throw malformed(
                "has \(offsets[1] - offsets[0]) bytes where \(dtypeName) of shape \(shape.listed) needs \(byteCount)")
        }
        guard offsets[1] <= Int.max - dataStart else { throw malformed("ends at \(offsets[1]), which overflows") }
        return TensorInfo(
            name: name, dtype: dtype, shape: shape, byteOffset: dataStart + offsets[0], byteCount: byteCount)
    }

    private static func integers(_ scanner: inout JSONScanner) throws -> [Int] {
        var values: [Int] = []
        try scanner.array { values.append(try $0.nonNegativeInteger()) }
        return values
    }

    /// The tensors must cover the data exactly: holes could hide content, and overlaps would let a small file claim
    /// more memory than it has.
    private static func checkLayout(
        of infos: [TensorInfo], dataStart: Int, fileByteCount: Int, path: String
    ) throws {
        var end = dataStart
        // An empty tensor shares its offset with the one that follows and so must come before it.
        for info in infos.sorted(by: { ($0.byteOffset, $0.byteCount) < ($1.byteOffset, $1.byteCount) }) {
            guard info.byteOffset == end else {
                let fault = info.byteOffset < end ? "overlaps the tensor before it" : "leaves a hole before it"
                throw SafetensorsError.malformed(
                    path: path,
                    reason: "tensor \(info.name.quoted) \(fault): it begins at data byte "
                        + "\(info.byteOffset - dataStart) where \(end - dataStart) was expected")
            }
            end += info.byteCount
        }
        guard end <= fileByteCount else {
            throw SafetensorsError.truncated(path: path, expectedByteCount: end, actualByteCount: fileByteCount)
        }
        guard end == fileByteCount else {
            throw SafetensorsError.malformed(
                path: path, reason: "it has \(fileByteCount) bytes but its last tensor ends at \(end)")
        }
    }
}
