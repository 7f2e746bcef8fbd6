import CTorch
public import Foundation

/// Why an operation on tensors failed.
public struct TorchError: Error, LocalizedError, CustomStringConvertible {
    /// The kinds that a caller can act on.
    public enum Kind: Sendable {
        /// Host or device memory ran out. Nothing was changed: free something, or use a smaller batch or picture.
        case outOfMemory
        /// libtorch refused the operation: shapes, dtypes or devices do not fit.
        case operation
        /// Processes that compute together could not exchange something: one of them ended, hangs or cannot be reached.
        case collective
        /// Anything else that libtorch threw.
        case other
    }

    public let kind: Kind
    /// The operation, in torch's name for it.
    public let operation: String
    /// Dtype and shape of each operand, such as `float32 [1, 3, 8, 8]`.
    public let operands: [String]
    /// libtorch's own text.
    public let message: String

    public var description: String {
        let place = operands.isEmpty ? operation : "\(operation) of \(operands.joined(separator: ", "))"
        return kind == .outOfMemory ? "memory ran out in \(place): \(message)" : "\(place): \(message)"
    }

    public var errorDescription: String? { description }

    /// Memory that the system refused to somebody else than libtorch.
    package static func outOfMemory(_ operation: String, _ message: String) -> TorchError {
        TorchError(kind: .outOfMemory, operation: operation, operands: [], message: message)
    }
}

/// Throws what the shim reported on this thread unless `status` is `CT_OK`, which the profile in use is told of.
func check(_ status: ct_status, _ operation: String, _ operands: [Tensor] = []) throws {
    guard status != CT_OK else {
        OperationProfile.current?.note(operation)
        return
    }
    let kind: TorchError.Kind =
        switch status {
        case CT_OUT_OF_MEMORY: .outOfMemory
        case CT_TORCH_ERROR: .operation
        default: .other
        }
    // torch appends its C++ stack to some messages; the first line is the one for people.
    let text = String(cString: ct_last_error())
    let message = text.split(separator: "\n").first.map(String.init) ?? text
    throw TorchError(
        kind: kind, operation: operation, operands: operands.map { "\($0.dtype) \($0.shape)" }, message: message)
}
