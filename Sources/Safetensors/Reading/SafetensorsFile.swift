/// A safetensors file: its header, strictly checked, over a mapping of its bytes.
///
///     let file = try SafetensorsFile(path: "vae/diffusion_pytorch_model.safetensors")
///     let first = try file.withUnsafeBytes(of: "encoder.conv_in.weight") { $0.first }
///
/// Stricter than the Rust reference, which keeps the last of two equal keys: duplicates are refused. Format: the
/// safetensors README.
package final class SafetensorsFile: Sendable {
    /// The path as given.
    package let path: String
    /// The header's `__metadata__`, such as `["format": "pt"]`; empty if it has none.
    package let metadata: [String: String]
    /// All tensors by name. Their ranges are known to lie inside the file.
    package let tensors: [String: TensorInfo]
    /// The bytes; a zero-copy tensor must keep this alive.
    package let mapping: MappedFile

    /// Opens and checks the file at `path`. Reads the header only, not the data.
    ///
    /// Throws `SafetensorsError`: `fileAccess`, `notARegularFile`, `truncated`, `malformed` or `unsupportedDType`.
    package init(path: String) throws {
        mapping = try MappedFile(path: path)
        let header = try SafetensorsHeader(of: mapping)
        self.path = path
        metadata = header.metadata
        tensors = header.tensors
    }

    /// Lends the bytes of a tensor, C order, little endian; valid only inside `body`.
    ///
    /// Throws `unknownTensor`, and whatever `body` throws.
    package func withUnsafeBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard let info = tensors[name] else {
            throw SafetensorsError.unknownTensor(path: path, tensor: name, tensorCount: tensors.count)
        }
        return try mapping.withUnsafeBytes(byteOffset: info.byteOffset, byteCount: info.byteCount, body)
    }
}
