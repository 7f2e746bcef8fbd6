/// A `.pt` file that `torch.save` made of one tensor, read without Python.
package enum TorchTensorFile {
    /// The tensor in the file at `path`: its bytes in C order, little endian, also if it was saved as a strided view.
    ///
    /// A parameter counts as a tensor; device and `requires_grad` are ignored. Nothing in the file is ever executed.
    /// Throws `refusedTorchFile` if the file holds anything else (a dict, a list, a name that could run code), is
    /// compressed, big endian or an expanded view; `malformed` or `outOfBounds` if it is damaged; `fileAccess` or
    /// `notARegularFile` if it cannot be opened.
    package static func read(path: String) throws -> (dtype: StoredDType, shape: [Int], bytes: [UInt8]) {
        let checkpoint = try TorchCheckpoint(path: path)
        guard let tensor = checkpoint.root.tensor else {
            throw SafetensorsError.refusedTorchFile(
                path: path, reason: "it holds \(checkpoint.root.kind) where one tensor was expected")
        }
        return (tensor.dtype, tensor.shape, try tensor.bytes())
    }
}
