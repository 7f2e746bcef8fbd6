import Foundation

/// What `transeg segment --json` prints of a picture: one JSON object on a line (the schema is in Docs/segmenting.md).
package struct ResultLine: Encodable {
    private let image: String
    private var error: String?
    private var width: Int?
    private var height: Int?
    private var inputWidth: Int?
    private var inputHeight: Int?
    private var transparentShare: Double?
    private var seconds: [String: Double]?
    private var passes: Int?
    private var confidence: Double?
    private var rejected: Bool?
    private var files: [String: String]?

    package init(_ source: PictureSource, _ written: SegmentationRun.Written) {
        (image, width, height) = (source.name, written.width, written.height)
        (inputWidth, inputHeight) = (written.inputSize.width, written.inputSize.height)
        (transparentShare, passes) = (written.transparentShare, written.passCount)
        let timings = written.timings
        seconds = [
            "encode": timings.encode, "transformer": timings.transformer, "decode": timings.decode,
            "total": timings.total,
        ]
        confidence = written.confidence
        if written.isRejected { rejected = true }
        files = Dictionary(uniqueKeysWithValues: written.files.map { ($0.key.rawValue, $0.value) })
    }

    /// Of a picture that failed.
    package init(_ source: PictureSource, error: String) { (image, self.error) = (source.name, error) }

    package func text() throws -> String { try Self.text(of: self) }

    static func text(of line: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(line), as: UTF8.self)
    }
}
