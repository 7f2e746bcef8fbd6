import Foundation

@testable import Safetensors

/// A folder of its own for one test, removed when the test lets go of it.
final class TestFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("safetensors-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The names of all files inside, hidden ones included.
    var fileNames: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

    /// The path of a file inside.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file inside and gives its path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String = "test.safetensors") throws -> String {
        // ext4 flushes a file that is cut to nothing and written again, which takes a millisecond; a new file is free.
        unlink(file(name))
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}

/// The path of a committed fixture; Tools/make_safetensors_fixtures.py makes them.
func fixture(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/\(name)").path
}

/// All bytes of a file.
func contents(of path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Gives the `SafetensorsError` that `body` throws, or nil.
func safetensorsError(_ body: () throws -> Void) -> SafetensorsError? {
    do {
        try body()
        return nil
    } catch {
        return error as? SafetensorsError
    }
}

extension SafetensorsFile {
    /// A copy of one tensor.
    func bytes(of name: String) throws -> [UInt8] {
        try withUnsafeBytes(of: name) { Array($0) }
    }

    /// All tensors as entries for the writer.
    func entries() throws -> [SafetensorsEntry] {
        try tensors.values.map {
            SafetensorsEntry(name: $0.name, dtype: $0.dtype, shape: $0.shape, bytes: try bytes(of: $0.name))
        }
    }
}
