import Foundation

/// What people, editors and shells write where a value is wanted.
enum SettingText {
    /// Without what is left at the ends by block scalars, CRLF and quotes; blanks belong to no number, but could to a path.
    static func trimmed<Value: SettingValue>(_ text: String, _ type: Value.Type) -> String {
        text.trimmingCharacters(in: type == String.self ? .newlines : .whitespacesAndNewlines)
    }

    /// Whether a text can hardly be meant: it would name a file that nobody finds.
    static func isDoubtful(_ text: String) -> Bool {
        text.isEmpty || text != text.trimmingCharacters(in: .whitespaces) || isVariable(text)
            || text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// 010 is 8 to YAML 1.1 and 10 to YAML 1.2.
    static func hasLeadingZero(_ text: String) -> Bool {
        let digits = text.drop { $0 == "-" || $0 == "+" }
        return digits.count > 1 && digits.first == "0"
    }

    /// What is wrong with a text that is no such value.
    static func problem<Value: SettingValue>(_ text: String, _ name: String, _ type: Value.Type, orElse other: String?)
        -> String
    {
        let expected = other.map { "\($0), \(Value.expectation)" } ?? Value.expectation
        if text.isEmpty { return "\(name) is empty; \(expected) was expected" }
        if type == String.self {
            return isVariable(text)
                ? "\(name) is \(text); variables are not replaced here, so write what it stands for"
                : "\(name) is \(text.debugDescription); \(expected) without blanks at its ends and control characters was expected"
        }
        if type == Int.self || type == UInt64.self, text.contains(where: \.isNumber) {
            return "\(name) is \(text); \(expected) was expected, in plain digits such as 1000"
        }
        return "\(name) is \(text); \(expected) was expected"
    }

    private static func isVariable(_ text: String) -> Bool { text.hasPrefix("$") || text.contains("${") }
}
