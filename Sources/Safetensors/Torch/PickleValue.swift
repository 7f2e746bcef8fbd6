/// What the stack of `Unpickler` can hold.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(String)
    /// `depth` is 1 for a tuple without tuples; it is limited because releasing nested values recurses.
    case tuple([PickleValue], depth: Int)
    /// A list or a dict by its place among the pickle's containers: it may be filled after it was put somewhere, and hold itself.
    case container(Int)
    case global(PickleGlobal)
    /// An instance of a class that checkpoints hold and nobody here needs; its content was passed over.
    case object
    case storage(TorchStorage)
    case tensor(TorchTensorLayout)
}

/// A value of a pickle that others may refer to while it is filled.
enum PickleContainer {
    case list([PickleValue])
    /// In the order in which Python has them.
    case dict([(key: PickleValue, value: PickleValue)], isOrdered: Bool)

    /// For a message.
    var kind: String {
        switch self {
        case .list: "a list"
        case .dict(let entries, let isOrdered): isOrdered && entries.isEmpty ? "an OrderedDict" : "a dict"
        }
    }
}

/// What a pickle describes.
struct PickledContent {
    let root: PickleValue
    let containers: [PickleContainer]

    /// For a message.
    func kind(of value: PickleValue) -> String {
        switch value {
        case .none: "None"
        case .bool: "a bool"
        case .integer: "an integer"
        case .float: "a float"
        case .string: "a string"
        case .tuple: "a tuple"
        case .container(let place): containers[place].kind
        case .global: "a class or function"
        case .object: "an object"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// The flat memory that a tensor views: the entry `data/<key>` of the archive.
struct TorchStorage {
    let key: String
    let dtype: StoredDType
    let elementCount: Int
}
