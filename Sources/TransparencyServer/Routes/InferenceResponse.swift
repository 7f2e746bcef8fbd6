#if Service
import Foundation
import HTTPTypes
import Hummingbird
import TransparencySegmentation

/// The answer to an ``InferenceRequest``: JSON, and the bytes of binary tensors behind it, the lowest first.
struct InferenceResponse {
    private struct Document: Encodable {
        let id: String?
        let modelName: String
        let modelVersion: String
        let outputs: [Output]
        enum CodingKeys: String, CodingKey {
            case id, outputs
            case modelName = "model_name"
            case modelVersion = "model_version"
        }
    }

    private struct Output: Encodable {
        let name: String
        let datatype: String
        let shape: [Int]
        var parameters: [String: Int]?
        var data: Values?
    }

    private enum Values: Encodable {
        case floats([Float])
        case bytes([UInt8])

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .floats(let values): try values.encode(to: encoder)
            case .bytes(let values): try values.encode(to: encoder)
            }
        }

        var raw: [UInt8] {
            switch self {
            case .floats(let values): values.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) }
            case .bytes(let values): values
            }
        }
    }

    private let document: Document
    private let binary: [UInt8]
    private let hasBinary: Bool

    init(_ segmentation: Segmentation, to request: InferenceRequest, model: String, version: String) throws {
        var (outputs, binary) = ([Output](), [UInt8]())
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
            } else {
                output.data = values
            }
            outputs.append(output)
        }
        document = Document(id: request.id, modelName: model, modelVersion: version, outputs: outputs)
        (self.binary, hasBinary) = (binary, request.outputs.contains { $0.isBinary })
    }

    /// Throws what JSON's encoder throws.
    func response() throws -> Response {
        let json = try JSONEncoder().encode(document)
        guard hasBinary else { return Response(Array(json), type: "application/json") }
        var headers = HTTPFields()
        headers[.inferenceHeaderLength] = "\(json.count)"
        return Response(Array(json) + binary, type: "application/octet-stream", headers: headers)
    }
}
#endif
