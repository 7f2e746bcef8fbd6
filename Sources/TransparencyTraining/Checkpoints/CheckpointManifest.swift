import Files
import Foundation

/// `manifest.json` of a checkpoint: its files with sizes and hashes.
package struct CheckpointManifest: Codable {
    /// What a manifest says of a file.
    package struct Entry: Codable, Equatable {
        package let bytes: Int
        package let sha256: String

        init(ofFile path: String) throws {
            bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? -1
            sha256 = try SHA256.digest(ofFile: path)
        }

        init(bytes: Int, sha256: String) { (self.bytes, self.sha256) = (bytes, sha256) }

        init(_ content: [UInt8]) { self.init(bytes: content.count, sha256: SHA256.digest(of: content)) }
    }

    /// 1: the optimizer's state by parts of the model; 2: by weights, and several files a group.
    static let version = 2
    let formatVersion: Int
    /// By paths inside the checkpoint.
    var files: [String: Entry]
    /// How many processes wrote it.
    let worldSize: Int

    enum CodingKeys: String, CodingKey {
        case files
        case formatVersion = "format_version"
        case worldSize = "world_size"
    }

    init(files: [String: Entry], worldSize: Int) {
        (formatVersion, self.files, self.worldSize) = (Self.version, files, worldSize)
    }

    /// Before there was a version, the files were all of it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let version = try container.decodeIfPresent(Int.self, forKey: .formatVersion) else {
            (formatVersion, files, worldSize) = (0, try [String: Entry](from: decoder), 1)
            return
        }
        (formatVersion, files) = (version, try container.decode([String: Entry].self, forKey: .files))
        worldSize = try container.decodeIfPresent(Int.self, forKey: .worldSize) ?? 1
    }

    func json() throws -> [UInt8] { try prettyJSON(self) }
}

/// JSON for people too, always the same for the same value.
func prettyJSON(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try Array(encoder.encode(value))
}
