package import Files
import Foundation

/// What can go wrong with a safetensors or `.pt` file; each message names the file and the value and says what to do.
package enum SafetensorsError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// The system refused an operation (a verb such as "open"); `code` is its `errno`.
    case fileAccess(path: String, operation: String, code: Int32)
    /// The path is a directory, a pipe or a device.
    case notARegularFile(path: String)
    /// The file is shorter than its own header says, as after an interrupted download.
    case truncated(path: String, expectedByteCount: Int, actualByteCount: Int)
    /// The file was written to or cut short by others after it was opened.
    case changed(path: String)
    /// The file itself was never fetched.
    case gitLFSPointer(path: String, GitLFSPointer)
    /// The content breaks a rule of the format.
    case malformed(path: String, reason: String)
    /// A tensor has an element type that this library does not read.
    case unsupportedDType(path: String, tensor: String, dtype: String)
    /// No tensor has the requested name.
    case unknownTensor(path: String, tensor: String, tensorCount: Int)
    /// A range outside the file was asked for.
    case outOfBounds(path: String, byteOffset: Int, byteCount: Int, fileByteCount: Int)
    /// A shard lacks tensors that the index lists for it.
    case shardMismatch(path: String, missing: [String])
    /// The caller's entries or metadata cannot be written as a valid file.
    case cannotWrite(path: String, reason: String)
    /// A `.pt` file holds something other than one plain tensor, or what it holds could run code.
    case refusedTorchFile(path: String, reason: String)

    /// One sentence: which file, which value, what was expected and what to do.
    package var description: String {
        switch self {
        case .fileAccess(let path, let operation, let code):
            return "cannot \(operation) \(path.quoted): \(String(cString: strerror(code))); check the path, "
                + "its permissions and the free space"
        case .notARegularFile(let path):
            return "\(path.quoted) is not a regular file; give the path of a file"
        case .truncated(let path, let expected, let actual):
            return "\(path.quoted) is cut off: \(expected) bytes were expected and it has \(actual); "
                + "fetch or copy it again"
        case .changed(let path):
            return
                "\(path.quoted) was changed while it was read; put the file back and run again, and replace a file that "
                + "is in use by renaming"
        case .gitLFSPointer(let path, let pointer):
            return "\(path.quoted) is \(pointer.fault)"
        case .malformed(let path, let reason):
            return "\(path.quoted) is not valid: \(reason); fetch it or export it again"
        case .unsupportedDType(let path, let tensor, let dtype):
            let known = StoredDType.allCases.map(\.rawValue).joined(separator: ", ")
            let kind = StoredDType.refusedNames.contains(dtype) ? "unsupported" : "unknown"
            return "\(path.quoted) stores tensor \(tensor.quoted) with the \(kind) dtype \(dtype.quoted); "
                + "convert it to one of \(known)"
        case .unknownTensor(let path, let tensor, let tensorCount):
            return "\(path.quoted) has no tensor \(tensor.quoted) among its \(tensorCount); "
                + "check the name and that this is the right checkpoint"
        case .outOfBounds(let path, let byteOffset, let byteCount, let fileByteCount):
            return "\(byteCount) bytes at offset \(byteOffset) lie outside \(path.quoted), which has \(fileByteCount); "
                + "fetch the file again if it should be longer"
        case .shardMismatch(let path, let missing):
            return
                "\(path.quoted) does not match its index: it lacks \(Self.list(missing)); fetch the index and all its shards "
                + "from the same revision"
        case .cannotWrite(let path, let reason):
            return "cannot write \(path.quoted): \(reason)"
        case .refusedTorchFile(let path, let reason):
            return "\(path.quoted) is refused: \(reason); convert it once in Python with "
                + "torch.load(path, weights_only=True) and safetensors.torch.save_file"
        }
    }

    /// The same sentence, for Foundation's `localizedDescription`.
    package var errorDescription: String? { description }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).map(\.quoted).joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}

extension String {
    /// In quotes for a message: escaped, because a hostile file may put terminal codes in a name, and not endless.
    var quoted: String {
        let limit = 300
        let shown =
            unicodeScalars.count > limit ? String(String.UnicodeScalarView(unicodeScalars.prefix(limit))) + "…" : self
        return shown.debugDescription
    }
}

extension [Int] {
    /// A shape for a message, such as `[2, 3]`; not endless, because a hostile header may have a million axes.
    var listed: String {
        "[\(prefix(16).map(String.init).joined(separator: ", "))\(count > 16 ? ", …" : "")]"
    }
}
