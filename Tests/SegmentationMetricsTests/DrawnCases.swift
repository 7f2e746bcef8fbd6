import Foundation

@testable import SegmentationMetrics

/// The cases of `Tools/check_metrics.py fixture`, with what it computed from the published formulas.
struct DrawnCases: Decodable {
    struct Case: Decodable {
        let id: String
        let difficulty: Difficulty
        let soft: Data
        let classes: Data
        let truth: Data
        /// Places in ``masks``.
        let nativePredicted: Int
        let nativeTruth: Int
    }

    let width: Int
    let height: Int
    let nativeWidth: Int
    let nativeHeight: Int
    /// Masks of the native size, eight pixels a byte.
    let masks: [Data]
    let cases: [Case]
    let thresholds: [String: Double]
    /// By kind of scoring, then the pictures (all, easy, hard or one id), protocol and quantity.
    let expected: [String: [String: [String: [String: Double]]]]

    init() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/drawn.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(DrawnCases.self, from: Data(contentsOf: path))
    }

    /// Counts all cases, with the predicted classes or without.
    func records(withClasses: Bool, threshold: Double) throws -> [ImageRecord] {
        try cases.map { drawn in
            let pixels = try PixelCounts(
                prediction: floats(drawn.soft), predictedClasses: withClasses ? Array(drawn.classes) : nil,
                truth: Array(drawn.truth), width: width, height: height, threshold: threshold)
            let native = try NativeCounts(
                predicted: bits(masks[drawn.nativePredicted]),
                truth: bits(masks[drawn.nativeTruth]).map { $0 ? 1 : 0 },
                width: nativeWidth, height: nativeHeight)
            return ImageRecord(id: drawn.id, difficulty: drawn.difficulty, pixels: pixels, native: native)
        }
    }

    private func floats(_ data: Data) -> [Float] {
        let bytes = Array(data)
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
        }
    }

    private func bits(_ data: Data) -> [Bool] {
        data.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 == 1 } }
    }
}
