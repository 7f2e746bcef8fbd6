import TorchTraining

/// The files of a group of tensors: one, or where several processes write one each with an index, named as Hugging Face's libraries do.
struct CheckpointFiles {
    private let name: String
    private let pieces: [(owner: Int, tensors: [(key: String, shape: [Int])])]
    /// The ranks that have something to write.
    private let owners: [Int]

    static let suffix = ".safetensors"
    static let indexSuffix = ".safetensors.index.json"

    init(_ name: String, _ group: CheckpointContents.Group, worldSize: Int) {
        self.name = name
        pieces = group.pieces.map { (group.owner(of: $0, worldSize: worldSize), $0.tensors) }
        owners = Set(pieces.map(\.owner)).sorted()
    }

    /// The group of a file, shard or index; nil for a document.
    static func group(ofFile name: String) -> String? {
        if name.hasSuffix(indexSuffix) { return String(name.dropLast(indexSuffix.count)) }
        return name.hasSuffix(suffix)
            ? String(name.dropLast(suffix.count)).replacing(/-[0-9]{5}-of-[0-9]{5}$/, with: "") : nil
    }

    var indexName: String { name + Self.indexSuffix }

    /// The file of a rank; nil where it has none.
    func name(ofOwner rank: Int) -> String? {
        guard let place = owners.firstIndex(of: rank) else { return nil }
        guard owners.count > 1 else { return name + Self.suffix }
        func digits(_ number: Int) -> String {
            String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
        }
        return "\(name)-\(digits(place + 1))-of-\(digits(owners.count))\(Self.suffix)"
    }

    func tensors(ofOwner rank: Int) -> [(key: String, shape: [Int])] {
        pieces.filter { $0.owner == rank }.flatMap(\.tensors)
    }

    /// The index of several files; nil for one.
    func index() throws -> [UInt8]? {
        guard owners.count > 1 else { return nil }
        var (bytes, map) = (0, [String: String]())
        for piece in pieces {
            // Beside the index.
            let file = (name(ofOwner: piece.owner) ?? "").split(separator: "/").last.map(String.init)
            for (key, shape) in piece.tensors {
                map[key] = file
                bytes += 4 * shape.reduce(1, *)
            }
        }
        return try prettyJSON(Index(metadata: ["total_size": bytes], weightMap: map))
    }

    private struct Index: Encodable {
        let metadata: [String: Int]
        let weightMap: [String: String]

        enum CodingKeys: String, CodingKey {
            case metadata
            case weightMap = "weight_map"
        }
    }
}
