import Foundation
import Safetensors
package import Torch
import TorchNN

/// The fixtures that Tools/make_goldens.py made.
package let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Goldens").path

/// Every tensor of a safetensors file, in its own dtype.
package func readTensors(_ path: String) throws -> [String: Tensor] {
    let file = try SafetensorsFile(path: path)
    return try file.tensors.mapValues { info in
        guard let dtype = DType(stored: info.dtype) else { throw CocoaError(.fileReadUnsupportedScheme) }
        return try file.withUnsafeBytes(of: info.name) {
            try Tensor(copying: $0, shape: info.shape, dtype: dtype)
        }
    }
}

/// Runs `body` with a new folder that is removed afterwards.
package func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("transeg-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

/// The same of an asynchronous function.
package nonisolated(nonsending) func withTemporaryFolderOfTask<R>(_ body: (String) async throws -> R) async throws -> R
{
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("transeg-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// A copy of a golden model folder that a test may damage.
package func copyModel(_ name: String, into folder: String) throws -> String {
    let path = "\(folder)/\(name)"
    try FileManager.default.copyItem(atPath: "\(goldens)/\(name)", toPath: path)
    return path
}

/// Rewrites a safetensors file with its tensors changed.
package func editTensors(_ path: String, _ edit: (inout [String: Tensor]) throws -> Void) throws {
    var tensors = try readTensors(path)
    try edit(&tensors)
    try writeTensors(tensors, to: path)
}

/// Writes tensors as a safetensors file.
package func writeTensors(_ tensors: [String: Tensor], to path: String) throws {
    try SafetensorsWriter.write(to: path, entries: tensors.map { .init($0, $1) })
}

/// Rewrites a JSON file with its top object changed.
package func editJSON(_ path: String, _ edit: (inout [String: Any]) -> Void) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    edit(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
}

/// Makes an empty file `Muñoz` and a suffix such as `.jpg`, whose name is Latin-1 and no UTF-8; gives whether it could.
package func makeFileWithForeignName(in folder: String, suffix: String) -> Bool {
    let foreign = Array("\(folder)/Mu".utf8) + [0xF1] + Array("oz\(suffix)\0".utf8)
    let descriptor = foreign.withUnsafeBufferPointer { bytes in
        bytes.withMemoryRebound(to: CChar.self) { name in
            name.baseAddress.map { open($0, O_WRONLY | O_CREAT, 0o666) } ?? -1
        }
    }
    if descriptor >= 0 { close(descriptor) }
    return descriptor >= 0
}
