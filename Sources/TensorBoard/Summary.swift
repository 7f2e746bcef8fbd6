/// One value of an event: a point of a curve, a picture, a text (tensorboard/compat/proto/summary.proto).
package struct Summary {
    let message: ProtobufMessage

    private enum Field {
        static let (tag, scalar, image, tensor, metadata) = (1, 2, 4, 8, 9)
    }

    /// A point of the curve `tag`.
    package static func scalar(_ tag: String, _ value: Double) -> Summary {
        Summary(
            message: ProtobufMessage {
                $0.add(Field.tag, tag)
                $0.add(Field.scalar, Float(value))
            })
    }

    /// An RGB picture.
    package static func image(_ tag: String, png: [UInt8], width: Int, height: Int) -> Summary {
        let image = ProtobufMessage {
            $0.add(1, height)
            $0.add(2, width)
            $0.add(3, 3)
            $0.add(4, png)
        }
        return Summary(
            message: ProtobufMessage {
                $0.add(Field.tag, tag)
                $0.add(Field.image, image)
            })
    }

    /// A text in Markdown.
    package static func text(_ tag: String, _ markdown: String) -> Summary {
        let stringType = 7
        let tensor = ProtobufMessage { tensor in
            tensor.add(1, stringType)
            tensor.add(2, ProtobufMessage { $0.add(2, ProtobufMessage { $0.add(1, 1) }) })
            tensor.add(8, markdown)
        }
        return Summary(
            message: ProtobufMessage {
                $0.add(Field.tag, "\(tag)/text_summary")
                $0.add(Field.tensor, tensor)
                $0.add(Field.metadata, metadata(plugin: "text", content: nil))
            })
    }

    /// A value that is all in what it says to a plugin.
    static func pluginData(_ tag: String, plugin: String, content: ProtobufMessage) -> Summary {
        Summary(
            message: ProtobufMessage {
                $0.add(Field.tag, tag)
                $0.add(Field.metadata, metadata(plugin: plugin, content: content))
            })
    }

    private static func metadata(plugin: String, content: ProtobufMessage?) -> ProtobufMessage {
        let data = ProtobufMessage { data in
            data.add(1, plugin)
            content.map { data.add(2, $0) }
        }
        return ProtobufMessage { $0.add(1, data) }
    }
}
