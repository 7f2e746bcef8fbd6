/// A file of `torch.save` with any number of tensors in dicts, lists and tuples, read without Python.
///
/// Nothing in the file is ever executed; names that could run code are refused. Tensors are read when asked for.
package struct TorchCheckpoint: Sendable {
    package let path: String
    private let archive: TorchArchive
    private let content: PickledContent

    /// Reads what the file describes, not its tensors' bytes.
    ///
    /// Throws `SafetensorsError` as ``TorchTensorFile/read(path:)`` does.
    package init(path: String) throws {
        self.path = path
        archive = try TorchArchive(path: path)
        content = try archive.content()
    }

    package var root: Node { Node(value: content.root, content: content, archive: archive) }

    /// Throws `changed` when the file was written to since it was opened.
    package func requireUnchanged() throws { try archive.requireUnchanged() }

    /// One value of the file.
    package struct Node {
        fileprivate let value: PickleValue
        fileprivate let content: PickledContent
        fileprivate let archive: TorchArchive

        /// For a message, such as "a dict".
        package var kind: String { content.kind(of: value) }

        package var tensor: TorchTensor? {
            guard case .tensor(let layout) = value else { return nil }
            return TorchTensor(layout: layout, archive: archive)
        }

        package var integer: Int? {
            guard case .integer(let integer) = value else { return nil }
            return integer
        }

        package var string: String? {
            guard case .string(let string) = value else { return nil }
            return string
        }

        /// Of a list or a tuple.
        package var elements: [Node]? {
            switch value {
            case .tuple(let values, _): values.map(node)
            case .container(let place):
                if case .list(let values) = content.containers[place] { values.map(node) } else { nil }
            default: nil
            }
        }

        /// Of a dict, in its order, those whose keys are text; where a key comes again, its later value.
        package var items: [(key: String, value: Node)]? {
            guard case .container(let place) = value, case .dict(let entries, _) = content.containers[place] else {
                return nil
            }
            var places: [String: Int] = [:]
            var items: [(key: String, value: Node)] = []
            for case (key: .string(let key), let value) in entries {
                if let place = places[key] {
                    items[place].value = node(value)
                } else {
                    places[key] = items.count
                    items.append((key, node(value)))
                }
            }
            return items
        }

        /// The value of a dict's key.
        package subscript(key: String) -> Node? { items?.first { $0.key == key }?.value }

        private func node(_ value: PickleValue) -> Node { Node(value: value, content: content, archive: archive) }
    }
}
