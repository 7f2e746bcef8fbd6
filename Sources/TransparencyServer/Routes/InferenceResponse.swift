#if Service
import Foundation
import HTTPTypes
import Hummingbird
import TransparencySegmentation

/// The answer to an ``InferenceRequest``: JSON, and the bytes of binary tensors behind it, the lowest first.
enum InferenceResponse {
    /// The most numbers of a tensor in JSON: 180 MB of text.
    static let numberLimit = 1 << 24

    private struct Head: Encodable {
        let id: String?
        let modelName: String
        let modelVersion: String
        enum CodingKeys: String, CodingKey {
            case id
            case modelName = "model_name"
            case modelVersion = "model_version"
        }
    }

    private struct Output: Encodable {
        let name: String
        let datatype: String
        let shape: [Int]
        var parameters: [String: Int]?
    }

    private enum Values {
        case floats([Float])
        case bytes([UInt8])

        /// In JSON, without the brackets.
        var text: [UInt8] {
            switch self {
            case .floats(let values): Self.text(values)
            case .bytes(let values): Self.text(values)
            }
        }

        private static func text(_ values: [some CustomStringConvertible]) -> [UInt8] {
            var text: [UInt8] = []
            for value in values {
                if !text.isEmpty { text.append(UInt8(ascii: ",")) }
                text.append(contentsOf: value.description.utf8)
            }
            return text
        }

        var raw: [UInt8] {
            switch self {
            case .floats(let values): values.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) }
            case .bytes(let values): values
            }
        }
    }

    /// The answer. Throws ``Problem`` for more numbers than JSON is made of.
    static func response(
        of segmentation: Segmentation, to request: InferenceRequest, model: String, version: String
    ) throws -> Response {
        var (outputs, binary) = ([[UInt8]](), [UInt8]())
        for (name, isBinary) in request.outputs {
            let values: Values =
                name == "soft" ? .floats(segmentation.softMask) : .bytes(try segmentation.maskImage().pixels)
            var output = Output(
                name: name, datatype: name == "soft" ? "FP32" : "UINT8",
                shape: [segmentation.height, segmentation.width])
            if isBinary {
                let raw = values.raw
                output.parameters = ["binary_data_size": raw.count]
                binary += raw
                outputs.append(Array(try JSONEncoder().encode(output)))
            } else {
                let count = segmentation.height * segmentation.width
                guard count <= numberLimit else {
                    throw Problem(
                        .contentTooLarge,
                        "\(name) has \(count) numbers, and JSON is made of at most \(numberLimit); ask for binary data with "
                            + "the parameter binary_data_output, or send a smaller picture", code: "PICTURE_TOO_LARGE")
                }
                outputs.append(try object(output, with: "data", values.text))
            }
        }
        let head = Head(id: request.id, modelName: model, modelVersion: version)
        let json = try object(head, with: "outputs", Array(outputs.joined(separator: ",".utf8)))
        guard request.outputs.contains(where: \.isBinary) else { return Response(json, type: "application/json") }
        var headers = HTTPFields()
        headers[.inferenceHeaderLength] = "\(json.count)"
        return Response(json + binary, type: "application/octet-stream", headers: headers)
    }

    /// A value's JSON with a list, given as text, as one more member. Of a list `JSONEncoder` takes some 100 bytes of memory and a microsecond for
    /// each number, and a photograph has millions.
    private static func object(_ value: some Encodable, with name: String, _ list: [UInt8]) throws -> [UInt8] {
        Array(try JSONEncoder().encode(value).dropLast()) + Array(",\"\(name)\":[".utf8) + list + Array("]}".utf8)
    }
}
#endif
