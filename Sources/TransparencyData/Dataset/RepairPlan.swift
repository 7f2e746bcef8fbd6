import Files
import Foundation

/// What to do about faults of a data set when it is read; its files stay as they are.
///
/// In JSON, made by `transeg dataset audit --repair` and meant to be looked through and edited:
///
///     {
///       "format_version": 1,
///       "repairs": [
///         { "picture": "train/images/7.jpg", "action": "turn_mask_90", "reason": "mask and picture agree so" },
///         { "picture": "train/images/9.jpg", "action": "exclude", "reason": "cannot be decoded" }
///       ]
///     }
public struct RepairPlan: Codable, Equatable, Sendable {
    /// What a reader does about one picture.
    public enum Action: String, Codable, Sendable, CaseIterable {
        /// Leaves the picture out, and with it a mask or a missing one.
        case exclude
        /// Turns the mask clockwise by so many degrees.
        case turnMask90 = "turn_mask_90"
        case turnMask180 = "turn_mask_180"
        case turnMask270 = "turn_mask_270"
        /// Heeds the picture's EXIF orientation, or does not, whatever the content says.
        case readUpright = "read_upright"
        case readAsStored = "read_as_stored"
        /// Takes each color of the mask that is none of a mask's for the nearest that is.
        case nearestColors = "nearest_colors"
        /// Takes all labels of the mask but 0 for glass.
        case labelsAsGlass = "labels_as_glass"
        /// Brings the mask to the picture's size, each pixel the nearest.
        case resizeMask = "resize_mask"

        /// Reads `nearest_colours` too, as plans of earlier versions have it.
        public init(from decoder: any Decoder) throws {
            let text = try decoder.singleValueContainer().decode(String.self)
            guard let action = Action(rawValue: text == "nearest_colours" ? "nearest_colors" : text) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "there is no action \(text)"))
            }
            self = action
        }
    }

    /// An action for a picture. A picture may have several.
    public struct Repair: Codable, Equatable, Sendable {
        /// The picture's path within the data set.
        public var picture: String
        public var action: Action
        /// Why, for whoever looks through the plan.
        public var reason: String

        public init(picture: String, action: Action, reason: String) {
            (self.picture, self.action, self.reason) = (picture, action, reason)
        }
    }

    /// How many pictures are left out.
    package var excludedCount: Int { Set(repairs.filter { $0.action == .exclude }.map(\.picture)).count }

    static let formatVersion = 1

    public var repairs: [Repair]
    private var formatVersion = Self.formatVersion

    enum CodingKeys: String, CodingKey {
        case formatVersion = "format_version"
        case repairs
    }

    public init(repairs: [Repair]) {
        self.repairs = repairs
    }

    /// Reads a plan. Throws ``DatasetError/badPlan(_:reason:)`` and ``DatasetError/missing(_:)``.
    public init(contentsOf path: String) throws {
        let data: Data
        do {
            data = try PlainFile.contents(of: path)
        } catch let error as FileReadError {
            throw error.isMissing ? DatasetError.missing(path) : .badPlan(path, reason: error.reason)
        }
        if let key = duplicateKey(inJSON: data) { throw DatasetError.badPlan(path, reason: "it has \(key) twice") }
        do {
            self = try JSONDecoder().decode(RepairPlan.self, from: data)
        } catch {
            throw DatasetError.badPlan(path, reason: Self.reason(of: error))
        }
        guard formatVersion == Self.formatVersion else {
            throw DatasetError.badPlan(
                path, reason: "its format_version is \(formatVersion), and this program reads \(Self.formatVersion)")
        }
    }

    /// Writes the plan in one step. Throws `FileError`.
    public func write(to path: String) throws {
        try AtomicFile.write(Array(json() + "\n".utf8), to: path)
    }

    /// Distinguishes plans that do different things: a SHA-256 of their content.
    ///
    /// Spelled as the first version did, so that what was begun with a plan then goes on.
    public func hash() throws -> String {
        SHA256.digest(of: try json().replacing(Data("nearest_colors".utf8), with: Data("nearest_colours".utf8)))
    }

    private func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    /// The pairs to read, each with its repairs. Throws ``DatasetError/planOfOtherData(picture:)`` when the plan names a picture
    /// that is neither among `pairs` nor one of `others`.
    func apply(to pairs: [DatasetPair], others: Set<String>) throws -> [DatasetPair] {
        let actions = Dictionary(grouping: repairs, by: \.picture)
        let known = others.union(pairs.map(\.picture))
        if let stranger = repairs.first(where: { !known.contains($0.picture) }) {
            throw DatasetError.planOfOtherData(picture: stranger.picture)
        }
        return pairs.compactMap { pair in
            guard let repairs = actions[pair.picture]?.map(\.action) else { return pair }
            var repaired = pair
            repaired.repairs = repairs
            return repairs.contains(.exclude) ? nil : repaired
        }
    }

    private static func reason(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return error.localizedDescription }
        switch error {
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty,
            .typeMismatch(_, let context), .valueNotFound(_, let context):
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            let actions = Action.allCases.map(\.rawValue).joined(separator: ", ")
            return place.hasSuffix("action") ? "\(place) is none of \(actions)" : "\(place) has a wrong value"
        default: return "it is not JSON"
        }
    }
}
