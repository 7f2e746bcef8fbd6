/// What the stack of `TensorUnpickler` can hold.
enum PickleValue {
    case bool(Bool)
    case integer(Int)
    case string(String)
    /// `depth` is 1 for a tuple without tuples; it is limited because releasing nested values recurses.
    case tuple([PickleValue], depth: Int)
    case global(PickleGlobal)
    /// An empty `OrderedDict`, which stands for a tensor's backward hooks.
    case orderedDict
    case storage(TorchStorage)
    case tensor(TorchTensorLayout)

    /// For a message.
    var kind: String {
        switch self {
        case .bool: "a bool"
        case .integer: "an integer"
        case .string: "a string"
        case .tuple: "a tuple"
        case .global: "a class or function"
        case .orderedDict: "an OrderedDict"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// The Python names that a `.pt` file of one tensor may mention. They are only looked up here; nothing is imported.
enum PickleGlobal: Equatable {
    case rebuildTensor
    case rebuildParameter
    case orderedDict
    case storageType(StoredDType)

    private static let storageTypes: [String: StoredDType] = [
        "FloatStorage": .f32, "BFloat16Storage": .bf16, "HalfStorage": .f16, "DoubleStorage": .f64,
        "LongStorage": .i64, "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8,
        "BoolStorage": .bool,
    ]

    /// The allowed global of that name, or nil.
    init?(module: String, name: String) {
        switch (module, name) {
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("torch", _):
            guard let dtype = Self.storageTypes[name] else { return nil }
            self = .storageType(dtype)
        default: return nil
        }
    }
}

/// The flat memory that a tensor views: the entry `data/<key>` of the archive.
struct TorchStorage {
    let key: String
    let dtype: StoredDType
    let elementCount: Int
}
