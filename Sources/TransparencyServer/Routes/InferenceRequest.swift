#if Service
import Foundation
import HTTPTypes
import Images

/// A request for inference: JSON, and the bytes of its binary tensors behind it.
struct InferenceRequest {
    private struct Document: Decodable {
        let id: String?
        let parameters: Parameters?
        let inputs: [Input]
        let outputs: [Output]?
    }

    struct Parameters: Decodable {
        let threshold: Double?
        let binaryDataOutput: Bool?
        let binaryDataSize: Int?
        let binaryData: Bool?
        enum CodingKeys: String, CodingKey {
            case threshold
            case binaryDataOutput = "binary_data_output"
            case binaryDataSize = "binary_data_size"
            case binaryData = "binary_data"
        }
    }

    private struct Input: Decodable {
        let name: String
        let datatype: String
        let shape: [Int]
        let parameters: Parameters?
        let data: Content?
    }

    struct Output: Decodable {
        let name: String
        let parameters: Parameters?
    }

    /// A tensor's values in JSON: numbers, flat or nested as the shape is, or texts.
    private enum Content: Decodable {
        case numbers([UInt8])
        case texts([String])

        init(from decoder: any Decoder) throws {
            if let texts = try? [String](from: decoder) {
                self = .texts(texts)
            } else if let rows = try? [[[UInt8]]](from: decoder) {
                self = .numbers(rows.flatMap { $0.flatMap { $0 } })
            } else {
                self = .numbers(try [UInt8](from: decoder))
            }
        }
    }

    let id: String?
    let threshold: Float
    /// Name, and whether as binary.
    let outputs: [(name: String, isBinary: Bool)]
    private let input: Input
    private let binary: ArraySlice<UInt8>?

    /// - Parameter headerLength: Bytes of JSON before the tensors; nil for all. Throws ``Problem``.
    init(_ bytes: [UInt8], headerLength: String?) throws {
        var length = bytes.count
        if let headerLength {
            guard let given = Int(headerLength), given > 0, given <= bytes.count else {
                throw Problem(
                    .badRequest,
                    "Inference-Header-Content-Length is \(headerLength.prefix(20)); the body has \(bytes.count) bytes")
            }
            length = given
        }
        let document = try JSONBody.decode(Document.self, from: bytes[..<length])
        guard document.inputs.count == 1, document.inputs[0].name == "image" else {
            throw Problem(.unprocessableContent, "one input named image was expected")
        }
        input = document.inputs[0]
        if let size = input.parameters?.binaryDataSize {
            guard size == bytes.count - length else {
                throw Problem(
                    .unprocessableContent,
                    "binary_data_size is \(size), and \(bytes.count - length) bytes follow the JSON")
            }
            binary = bytes[length...]
        } else {
            guard length == bytes.count else {
                throw Problem(
                    .unprocessableContent, "\(bytes.count - length) bytes follow the JSON, and no input names them")
            }
            binary = nil
        }
        id = document.id
        let threshold = document.parameters?.threshold ?? 0.5
        guard (0...1).contains(threshold) else {
            throw Problem(
                .unprocessableContent, "the parameter threshold is \(threshold); a number from 0 to 1 was expected")
        }
        self.threshold = Float(threshold)
        let usual = document.parameters?.binaryDataOutput ?? false
        let outputs = document.outputs ?? []
        guard outputs.allSatisfy({ $0.name == "soft" || $0.name == "mask" }),
            Set(outputs.map(\.name)).count == outputs.count
        else { throw Problem(.unprocessableContent, "the outputs are soft and mask, each once") }
        self.outputs =
            outputs.isEmpty
            ? [("soft", usual), ("mask", usual)] : outputs.map { ($0.name, $0.parameters?.binaryData ?? usual) }
    }

    /// The picture that the input holds. Throws ``Problem``.
    func picture() throws -> EncodedPicture {
        switch input.datatype {
        case "UINT8":
            let shape = input.shape
            guard shape.count == 3, shape[2] == 3, shape.allSatisfy({ (1...65_536).contains($0) }) else {
                throw Problem(
                    .unprocessableContent, "the shape of image is \(shape.prefix(8)); [height, width, 3] was expected")
            }
            let values: [UInt8]
            switch (binary, input.data) {
            case (let binary?, nil): values = Array(binary)
            case (nil, .numbers(let numbers)?): values = numbers
            default: throw Problem(.unprocessableContent, "image has no numbers of 0 to 255")
            }
            guard values.count == shape.reduce(1, *) else {
                throw Problem(.unprocessableContent, "image has \(values.count) values for the shape \(shape)")
            }
            // Quick to write and to read again: the engine takes pictures as files alone.
            let image = try Image(width: shape[1], height: shape[0], channels: 3, pixels: values)
            return EncodedPicture(bytes: try image.pngData(compression: .none), name: "image")
        case "BYTES":
            guard input.shape == [1] else {
                throw Problem(
                    .unprocessableContent, "the shape of image is \(input.shape.prefix(8)); [1] was expected of BYTES")
            }
            if let binary {
                // Each element has its length before it, in 4 bytes, the lowest first.
                let length = binary.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
                guard binary.count >= 4, length == binary.count - 4 else {
                    throw Problem(.unprocessableContent, "image has no length of 4 bytes before its one element")
                }
                return EncodedPicture(bytes: Array(binary.dropFirst(4)), name: "image")
            }
            guard case .texts(let texts)? = input.data, texts.count == 1 else {
                throw Problem(.unprocessableContent, "image has no one text of base64")
            }
            return try EncodedPicture(text: texts[0], name: "image")
        default:
            throw Problem(
                .unprocessableContent,
                "the datatype of image is \(input.datatype.prefix(20)); UINT8 or BYTES was expected")
        }
    }
}
#endif
