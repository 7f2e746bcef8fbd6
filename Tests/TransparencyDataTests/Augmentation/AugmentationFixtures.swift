import Foundation
import Images

@testable import TransparencyData

/// What Tools/make_augmentation_fixtures.py made with albumentations 2.0.8 and OpenCV 4.14.
enum AugmentationFixtures {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/augmentation").path

    /// A picture that was changed, with what was done to it.
    struct Case: Decodable, CustomStringConvertible, Sendable {
        let name: String
        let source: String
        var isFlipped: Bool?
        var jitter: ColorJitter?
        var motion: MotionBlur?
        var gaussian: GaussianBlur?
        var width: Int?
        var height: Int?

        var parameters: AugmentationParameters {
            AugmentationParameters(
                isFlipped: isFlipped ?? false, jitter: jitter,
                blur: motion.map(Blur.motion) ?? gaussian.map(Blur.gaussian))
        }

        var description: String { name }
    }

    /// The source of each of many positions.
    struct Nearest: Decodable {
        let width: Int
        let height: Int
        let columns: [Int]
        let rows: [Int]
    }

    /// Counts of 100,000 draws.
    struct Draws: Decodable {
        let brightness, contrast, saturation, hue, order: [Int]
        let motionSize, motionCells, motionCenterX, motionCenterY: [Int]
        let gaussianSize, gaussianSigma, noiseSigma: [Int]
        let noisy128: [Int]
        let applied: [String: Int]
    }

    static func picture(_ name: String) throws -> Image {
        try ImageReader().read(contentsOf: "\(folder)/\(name).png")
    }

    static func decoded<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        let decoder = JSONDecoder()
        if name == "draws" { decoder.keyDecodingStrategy = .convertFromSnakeCase }
        return try decoder.decode(type, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).json")))
    }
}
