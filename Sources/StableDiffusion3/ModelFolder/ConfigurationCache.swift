import Files
import Foundation
import Synchronization

/// The configurations of a model folder, each read and decoded when it is first asked for; copies of the folder share them.
///
/// What fails is not kept: it fails anew, in the same words.
final class ConfigurationCache: Sendable {
    private struct Kept {
        var data: [String: Data] = [:]
        var decoded: [String: any Sendable] = [:]
        var readCount = 0
    }

    private let kept = Mutex(Kept())

    /// How many files have been read.
    var readCount: Int { kept.withLock { $0.readCount } }

    /// The content of a file. Throws ``ModelError/unreadable(file:reason:)``.
    func data(of file: String) throws -> Data {
        try kept.withLock { try Self.data(of: file, &$0) }
    }

    /// What `decode` makes of a file's content; `kind` tells apart what is made of the same file.
    func decoded<Value: Sendable>(_ kind: String, of file: String, _ decode: (Data) throws -> Value) throws -> Value {
        try kept.withLock { kept in
            let key = "\(kind) \(file)"
            // Two steps, for the cast of nothing to an optional value succeeds.
            if let found = kept.decoded[key], let value = found as? Value { return value }
            let value = try decode(Self.data(of: file, &kept))
            kept.decoded[key] = value
            return value
        }
    }

    private static func data(of file: String, _ kept: inout Kept) throws -> Data {
        if let data = kept.data[file] { return data }
        let data: Data
        do {
            data = try PlainFile.contents(of: file)
        } catch let error as FileReadError {
            throw ModelError.unreadable(file: file, reason: error.reason)
        }
        if let pointer = GitLFSPointer(data) {
            throw ModelError.unreadable(file: file, reason: "it is \(pointer.fault)")
        }
        kept.data[file] = data
        kept.readCount += 1
        return data
    }
}
