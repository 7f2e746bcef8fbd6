import Files
package import Foundation
package import StableDiffusion3

/// How a model's softness becomes a probability: the file `calibration.json` of a model folder, as `transeg calibrate` writes it.
public struct ModelCalibration: Codable, Equatable, Sendable {
    /// The file's name in a model folder.
    public static let fileName = "calibration.json"
    static let formatVersion = 1

    public let temperature: Double
    /// How the masks were made that the temperature was fitted to, as ``PredictionMethod/text`` says.
    public let prediction: String
    /// What decoded them, such as `the VAE's decoder`; nil in files of versions that did not write it.
    public let decoding: String?
    /// Which pictures it was fitted to, for people.
    public let data: String
    /// How many they were.
    public let images: Int
    /// The expected calibration error on these pictures without and with the temperature.
    public let eceBefore: Double
    public let eceAfter: Double
    private let formatVersion: Int

    enum CodingKeys: String, CodingKey {
        case temperature, prediction, decoding, data, images
        case eceBefore = "ece_before"
        case eceAfter = "ece_after"
        case formatVersion = "format_version"
    }

    package init(
        temperature: Temperature, prediction: String, decoding: String?, data: String, images: Int, eceBefore: Double,
        eceAfter: Double
    ) {
        (self.temperature, self.prediction, self.decoding, self.data) = (temperature.value, prediction, decoding, data)
        (self.images, self.eceBefore, self.eceAfter) = (images, eceBefore, eceAfter)
        formatVersion = Self.formatVersion
    }

    /// What a folder says; nil where it has no such file.
    ///
    /// - Throws: ``SegmentationError/configuration(file:reason:)`` for a file that cannot be used.
    package init?(of folder: ModelFolder) throws {
        let file = "\(folder.path)/\(Self.fileName)"
        func unusable(_ reason: String) -> SegmentationError { .configuration(file: file, reason: reason) }
        let data: Data
        do {
            data = try PlainFile.contents(of: file)
        } catch let error as FileReadError {
            if error.isMissing { return nil }
            throw unusable(error.reason)
        }
        if let key = duplicateKey(inJSON: data) { throw unusable("it has \(key) twice; remove one of the two") }
        guard let head = try? JSONDecoder().decode([String: AnyNumber].self, from: data),
            let version = head[CodingKeys.formatVersion.rawValue]?.value
        else { throw unusable("it has no format_version; make it anew with transeg calibrate, or remove it") }
        guard version == Double(Self.formatVersion) else {
            throw unusable(
                "its format_version is \(Int(exactly: version).map(String.init) ?? "\(version)"), and this program reads 1"
            )
        }
        guard let calibration = try? JSONDecoder().decode(ModelCalibration.self, from: data) else {
            throw unusable("it is not what transeg calibrate writes; make it anew, or remove it")
        }
        guard Temperature(calibration.temperature) != nil else {
            throw unusable(
                "temperature is \(calibration.temperature); a number from \(Temperature.bounds.lowerBound) to \(Temperature.bounds.upperBound) was expected"
            )
        }
        self = calibration
    }

    /// Writes the file of a model folder, whole or not at all. Throws `FileError`.
    package func write(to folder: String) throws {
        try AtomicFile.write(Array(encoded()), to: "\(folder)/\(Self.fileName)")
    }

    /// The file's content.
    package func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// A value of which only numbers are looked at.
    private struct AnyNumber: Decodable {
        let value: Double?

        init(from decoder: any Decoder) throws {
            value = try? decoder.singleValueContainer().decode(Double.self)
        }
    }
}
