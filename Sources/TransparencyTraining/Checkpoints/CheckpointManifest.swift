import Files
import Foundation

/// `manifest.json` of a checkpoint: its files with sizes and hashes.
struct CheckpointManifest: Codable {
    /// What a manifest says of a file.
    struct Entry: Codable, Equatable {
        let bytes: Int
        let sha256: String

        init(ofFile path: String) throws {
            bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? -1
            sha256 = try SHA256.digest(ofFile: path)
        }
    }

    static let version = 1
    let formatVersion: Int
    /// By paths inside the checkpoint.
    let files: [String: Entry]

    enum CodingKeys: String, CodingKey {
        case files
        case formatVersion = "format_version"
    }

    init(files: [String: Entry]) { (formatVersion, self.files) = (Self.version, files) }

    /// Before there was a version, the files were all of it.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let version = try container.decodeIfPresent(Int.self, forKey: .formatVersion) else {
            (formatVersion, files) = (0, try [String: Entry](from: decoder))
            return
        }
        (formatVersion, files) = (version, try container.decode([String: Entry].self, forKey: .files))
    }

    func json() throws -> [UInt8] { try prettyJSON(self) }
}

/// JSON for people too, always the same for the same value.
func prettyJSON(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try Array(encoder.encode(value))
}
