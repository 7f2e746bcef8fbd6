import Files
import Foundation
import StableDiffusion3
import Torch
import TransparencySegmentation

/// What a setting can be: read from text, shown as text, kept as JSON.
package protocol SettingValue: Equatable, Sendable {
    /// Reads what a person wrote; nil when it is no such value.
    init?(settingText: String)
    /// How it is shown; ``init(settingText:)`` reads it again.
    var settingText: String { get }

    /// Its place in a file of JSON.
    associatedtype Stored: Codable
    var stored: Stored { get }
    init?(stored: Stored)

    /// What it is called in the list of settings, such as `integer`.
    static var typeName: String { get }
    /// What is expected of text, such as "a whole number".
    static var expectation: String { get }
    /// All values, where they can be listed.
    static var choices: [String] { get }
}

extension SettingValue {
    package static var choices: [String] { [] }
}

extension SettingValue where Stored == Self {
    package var stored: Self { self }
    package init?(stored: Self) { self = stored }
}

extension String: SettingValue {
    package init?(settingText: String) {
        guard !SettingText.isDoubtful(settingText) else { return nil }
        // Texts are paths, or names that never begin so.
        self = expandingTilde(settingText)
    }
    package var settingText: String { self }
    package typealias Stored = String
    package static var typeName: String { "text" }
    package static var expectation: String { "a text" }
}

extension Int: SettingValue {
    package init?(settingText: String) {
        guard !SettingText.hasLeadingZero(settingText) else { return nil }
        self.init(settingText)
    }
    package var settingText: String { "\(self)" }
    package typealias Stored = Int
    package static var typeName: String { "integer" }
    package static var expectation: String { "a whole number" }
}

extension UInt64: SettingValue {
    package init?(settingText: String) {
        guard !SettingText.hasLeadingZero(settingText) else { return nil }
        self.init(settingText)
    }
    package var settingText: String { "\(self)" }
    package typealias Stored = UInt64
    package static var typeName: String { "integer" }
    package static var expectation: String { "a whole number from 0 on" }
}

extension Double: SettingValue {
    package init?(settingText: String) {
        guard let value = Double(settingText), value.isFinite else { return nil }
        self = value
    }

    /// Without what says nothing: 43 and 2e-6, not 43.0 and 2e-06.
    package var settingText: String {
        let text = "\(self)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text.replacing("e-0", with: "e-")
    }
    package typealias Stored = Double
    package static var typeName: String { "number" }
    package static var expectation: String { "a number" }
}

extension Bool: SettingValue {
    /// As people and YAML write it; "False" is false.
    package init?(settingText: String) {
        switch settingText.lowercased() {
        case "true", "yes", "on", "1": self = true
        case "false", "no", "off", "0": self = false
        default: return nil
        }
    }
    package var settingText: String { "\(self)" }
    package typealias Stored = Bool
    package static var typeName: String { "boolean" }
    package static var expectation: String { "true or false" }
    package static var choices: [String] { ["true", "false"] }
}

/// A value with a name.
package protocol SettingChoice: SettingValue, RawRepresentable, CaseIterable
where RawValue == String, Stored == String {}

extension SettingChoice {
    package init?(settingText: String) {
        self.init(rawValue: settingText)
    }
    package var settingText: String { rawValue }
    package var stored: String { rawValue }
    package init?(stored: String) { self.init(settingText: stored) }
    package static var typeName: String { "choice" }
    package static var expectation: String { "one of " + choices.joined(separator: ", ") }
    package static var choices: [String] { allCases.map(\.rawValue) }
}

/// Several names with commas between; `none` for none.
extension Array: SettingValue where Element == TrainingSettings.Tracker {
    private static var none: String { "none" }

    package init?(settingText: String) {
        self = []
        if settingText == Self.none { return }
        for name in settingText.split(separator: ",", omittingEmptySubsequences: false) {
            guard let tracker = Element(rawValue: name.trimmingCharacters(in: .whitespaces)) else { return nil }
            if !contains(tracker) { append(tracker) }
        }
    }
    package var settingText: String { isEmpty ? Self.none : map(\.rawValue).joined(separator: ",") }
    package var stored: String { settingText }
    package init?(stored: String) { self.init(settingText: stored) }
    package static var typeName: String { "list" }
    package static var expectation: String { "none, or some of \(names.joined(separator: ", ")) with commas between" }
    package static var choices: [String] { [none] + names }
    private static var names: [String] { Element.allCases.map(\.rawValue) }
}

extension TrainingSettings.DataType: SettingChoice {}
extension TrainingSettings.Trainable: SettingChoice {}
extension TrainingSettings.Posterior: SettingChoice {}
extension TrainingSettings.ValidationDifficulty: SettingChoice {}
extension TrainingSettings.Sharding: SettingChoice {}
extension TrainingSettings.Offload: SettingChoice {}
extension PredictionType: SettingChoice {}
extension MaskHead: SettingChoice {}
extension MaskTarget: SettingChoice {
    package init?(settingText: String) { self.init(name: settingText) }
}

extension Device: SettingValue {
    /// `cpu`, `cuda`, `cuda:1`, `mps`.
    package init?(settingText: String) {
        let parts = settingText.split(separator: ":", omittingEmptySubsequences: false)
        guard let kind = Device.Kind(rawValue: String(parts[0])) else { return nil }
        guard parts.count > 1 else {
            self.init(kind)
            return
        }
        guard parts.count == 2, kind == .cuda, let index = Int(parts[1]), (0..<128).contains(index) else { return nil }
        self.init(kind, index: index)
    }
    package var settingText: String { description }
    package var stored: String { description }
    package init?(stored: String) { self.init(settingText: stored) }
    package static var typeName: String { "device" }
    package static var expectation: String { "cpu, cuda, cuda:1 or mps" }
}
