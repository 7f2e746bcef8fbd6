/// Reads a pickle of tensors, as `torch.save` writes it (protocol 2), without running anything.
///
/// A pickle is a program that may import and call any Python function. Here only the instructions and names on a white
/// list are known, in the spirit of `torch/_weights_only_unpickler.py`; anything else is refused by name.
struct Unpickler {
    private static let tupleDepthLimit = 8

    let bytes: [UInt8]
    let path: String
    var position = 0
    private var stack: [PickleValue] = []
    /// Stack heights at the MARK instructions that are still open.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var containers: [PickleContainer] = []

    /// What a pickle describes.
    ///
    /// Throws `refusedTorchFile` for what tensors and their collections do not need, `malformed` for a damaged pickle; both name `path`.
    static func content(of bytes: [UInt8], path: String) throws -> PickledContent {
        var unpickler = Unpickler(bytes: bytes, path: path)
        return try unpickler.run()
    }

    private init(bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    private mutating func run() throws -> PickledContent {
        while true {
            let byte = try readByte()
            guard let opcode = PickleOpcode(rawValue: byte) else {
                throw malformed("has the unknown instruction \(byte)")
            }
            if opcode == .stop { break }
            try execute(opcode)
        }
        let result = try pop()
        guard stack.isEmpty, marks.isEmpty, position == bytes.count else { throw malformed("goes on after its end") }
        return PickledContent(root: result, containers: containers)
    }

    private mutating func execute(_ opcode: PickleOpcode) throws {
        switch opcode {
        case .proto:
            let version = try readByte()
            guard version == 2 else { throw refused("its pickle protocol is \(version), and only 2 is read") }
        case .mark: marks.append(stack.count)
        case .none: stack.append(.none)
        case .binFloat: stack.append(.float(try readFloat()))
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .binInt1: stack.append(.integer(Int(try readByte())))
        case .binInt2: stack.append(.integer(try readInteger(byteCount: 2)))
        case .binInt: stack.append(.integer(Int(Int32(truncatingIfNeeded: try readInteger(byteCount: 4)))))
        case .long1: stack.append(.integer(try readLong()))
        case .binUnicode: stack.append(.string(try readString(byteCount: try readInteger(byteCount: 4))))
        case .binPut: memo[Int(try readByte())] = try top()
        case .longBinPut: memo[try readInteger(byteCount: 4)] = try top()
        case .binGet: stack.append(try recall(Int(try readByte())))
        case .longBinGet: stack.append(try recall(try readInteger(byteCount: 4)))
        case .emptyTuple: try pushTuple([])
        case .tuple1: try pushTuple(try pop(count: 1))
        case .tuple2: try pushTuple(try pop(count: 2))
        case .tuple3: try pushTuple(try pop(count: 3))
        case .tuple: try pushTuple(try popToMark())
        case .global: stack.append(.global(try readGlobal()))
        case .binPersID: stack.append(.storage(try storage(try pop())))
        case .reduce:
            let arguments = try pop()
            stack.append(try call(try pop(), with: arguments))
        case .emptyDict: push(.dict([], isOrdered: false))
        case .setItem: try addItems(try pop(count: 2))
        case .setItems: try addItems(try popToMark())
        case .emptyList: push(.list([]))
        case .append: try addElements([try pop()])
        case .appends: try addElements(try popToMark())
        case .newObj:
            _ = try pop()
            guard case .global(.passedOver) = try pop() else { throw malformed("makes an object of no known class") }
            stack.append(.object)
        case .build:
            _ = try pop()
            try takeAttributes()
        default:
            throw refused("its pickle uses the instruction \(opcode), which torch.save does not need for tensors")
        }
    }

    // MARK: - Calls

    /// The result of one of the allowed calls.
    private mutating func call(_ function: PickleValue, with arguments: PickleValue) throws -> PickleValue {
        guard case .global(let global) = function, case .tuple(let values, _) = arguments else {
            throw malformed("calls what is no function")
        }
        switch global {
        case .orderedDict:
            guard values.isEmpty else { throw refused("it holds an OrderedDict that is made of a list") }
            containers.append(.dict([], isOrdered: true))
            return .container(containers.count - 1)
        case .size:
            guard values.count == 1, case .tuple = values[0] else { throw malformed("has a size that is no tuple") }
            return values[0]
        case .enumeration:
            guard values.count == 1, case .integer = values[0] else { return .object }
            return values[0]
        case .passedOver: return .object
        case .rebuildFromType:
            // (function, type, its arguments, attributes); a function that is this one again would never end.
            guard values.count == 4, case .global(let function) = values[0],
                function == .rebuildTensor || function == .rebuildParameter, case .global(.tensorType) = values[1]
            else { throw malformed("has a tensor of an unknown type") }
            return try call(values[0], with: values[2])
        case .rebuildTensor: return .tensor(try rebuildTensor(values))
        case .rebuildParameter:
            // (data, requires_grad, backward_hooks)
            guard values.count == 3, case .tensor = values[0], case .bool = values[1], isHooks(values[2])
            else { throw malformed("has a parameter with unknown arguments") }
            return values[0]
        case .storageType: throw malformed("calls a storage type")
        case .tensorType: throw malformed("calls a tensor type")
        }
    }

    /// `_rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks)`. A seventh argument
    /// marks a view that conjugates or negates its storage, so that the bytes alone would be wrong.
    private func rebuildTensor(_ arguments: [PickleValue]) throws -> TorchTensorLayout {
        guard arguments.count == 6, case .storage(let storage) = arguments[0],
            case .integer(let offset) = arguments[1], let shape = integers(arguments[2]),
            let strides = integers(arguments[3]), case .bool = arguments[4], isHooks(arguments[5])
        else { throw malformed("has a tensor with unknown arguments") }
        return TorchTensorLayout(storage: storage, offset: offset, shape: shape, strides: strides)
    }

    /// `("storage", type, key, device, element count)`. The device does not matter to bytes in a file.
    private func storage(_ identifier: PickleValue) throws -> TorchStorage {
        guard case .tuple(let values, _) = identifier, values.count == 5, case .string("storage") = values[0],
            case .global(.storageType(let dtype)) = values[1], case .string(let key) = values[2],
            case .string = values[3], case .integer(let elementCount) = values[4]
        else { throw malformed("has a storage with an unknown description") }
        return TorchStorage(key: key, dtype: dtype, elementCount: elementCount)
    }

    /// Backward hooks are an OrderedDict that nothing is put into.
    private func isHooks(_ value: PickleValue) -> Bool {
        guard case .container(let place) = value, case .dict(let entries, true) = containers[place] else {
            return false
        }
        return entries.isEmpty
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let values, _) = value else { return nil }
        let integers = values.compactMap { if case .integer(let integer) = $0 { integer } else { nil } }
        return integers.count == values.count ? integers : nil
    }

    // MARK: - Containers

    private mutating func push(_ container: PickleContainer) {
        containers.append(container)
        stack.append(.container(containers.count - 1))
    }

    /// Puts keys and values, in turn, into the dict that is uppermost.
    private mutating func addItems(_ values: [PickleValue]) throws {
        if case .object = try top() { return }
        guard case .container(let place) = try top(), case .dict(var entries, let isOrdered) = containers[place],
            values.count.isMultiple(of: 2)
        else { throw malformed("puts items into what is no dict") }
        containers[place] = .list([])
        for index in stride(from: 0, to: values.count, by: 2) {
            entries.append((key: values[index], value: values[index + 1]))
        }
        containers[place] = .dict(entries, isOrdered: isOrdered)
    }

    private mutating func addElements(_ values: [PickleValue]) throws {
        if case .object = try top() { return }
        guard case .container(let place) = try top(), case .list(var elements) = containers[place] else {
            throw malformed("puts elements into what is no list")
        }
        containers[place] = .list([])
        elements += values
        containers[place] = .list(elements)
    }

    /// Attributes of an object: of a state dict they are its format's version, and of others passed over.
    private func takeAttributes() throws {
        switch try top() {
        case .object: break
        case .container(let place):
            guard case .dict(_, true) = containers[place] else { throw malformed("gives a list attributes") }
        default: throw malformed("gives attributes to what has none")
        }
    }

    // MARK: - Stack

    private func top() throws -> PickleValue {
        guard let value = stack.last else { throw malformed("uses an empty stack") }
        return value
    }

    private mutating func pop() throws -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw malformed("uses an empty stack") }
        return value
    }

    /// The uppermost values in the order in which they were pushed.
    private mutating func pop(count: Int) throws -> [PickleValue] {
        try (0..<count).map { _ in try pop() }.reversed()
    }

    private mutating func popToMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else { throw malformed("ends a tuple that it did not begin") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    private mutating func pushTuple(_ values: [PickleValue]) throws {
        let inner = values.map { if case .tuple(_, let depth) = $0 { depth } else { 0 } }.max() ?? 0
        guard inner < Self.tupleDepthLimit else { throw malformed("nests tuples too deeply") }
        stack.append(.tuple(values, depth: inner + 1))
    }

    private func recall(_ key: Int) throws -> PickleValue {
        guard let value = memo[key] else { throw malformed("recalls a value that it did not keep") }
        return value
    }

    func malformed(_ reason: String) -> SafetensorsError {
        .malformed(path: path, reason: "its pickle \(reason)")
    }

    func refused(_ reason: String) -> SafetensorsError {
        .refusedTorchFile(path: path, reason: reason)
    }
}
