import Foundation

/// A row of ``SettingsTable``: one value of ``TrainingSettings``, its name, what it does and what it must be.
package struct Setting: Sendable {
    /// The groups of a file: the original's, and `compute`, which is ours.
    package enum Group: String, Sendable, CaseIterable {
        case model
        case projectConfig = "project_config"
        case dataset, training
        case learningRateScheduler = "learning_rate_scheduler"
        case optimizer
        case gradientClipping = "gradient_clipping"
        case compute
    }

    /// What a setting is to a run.
    package enum Role: String, Sendable {
        /// The weights depend on it: checkpoints keep it, and a run that goes on has the same.
        case recipe
        /// How the computing is done.
        case means
        /// What a run keeps and looks at; `lr-find`, which keeps nothing, is without it.
        case keeping
    }

    /// In files; with dashes an option, in capitals after `TRANSEG_` an environment variable.
    package let name: String
    package let group: Group
    package let role: Role
    /// What it does, a phrase.
    package let help: String
    /// What its value is called in help, such as `folder`.
    package let valueName: String
    package let typeName: String
    package let choices: [String]
    /// What holds where there is no value, such as "one a processor"; nil where there always is one.
    package let absence: String?
    /// Whether a run needs it.
    package let isRequired: Bool

    /// The value as text; nil for none.
    package let text: @Sendable (TrainingSettings) -> String?
    /// Takes text as the value; gives a phrase with what is wrong, or nil.
    package let set: @Sendable (_ text: String, inout TrainingSettings) -> String?
    /// Goes back to the built-in value.
    package let reset: @Sendable (inout TrainingSettings) -> Void
    /// What a value must be besides its type, a phrase with what is wrong; nil for a sound one.
    package let problem: @Sendable (TrainingSettings) -> String?
    let encode: @Sendable (TrainingSettings, inout KeyedEncodingContainer<Key>) throws -> Void
    let decode: @Sendable (KeyedDecodingContainer<Key>, inout TrainingSettings) throws -> Void

    /// What is between the values of an option that is given several times; nil where the last one holds.
    package let separator: String?

    /// What it was called in earlier versions, which files, the environment and options may still say.
    package let formerName: String?

    package var option: String { Self.option(name) }
    package var formerOption: String? { formerName.map(Self.option) }
    private static func option(_ name: String) -> String { name.replacing("_", with: "-") }
    package var flag: String { "--" + option }
    package var environmentName: String { Self.environmentName(name) }
    var formerEnvironmentName: String? { formerName.map(Self.environmentName) }
    private static func environmentName(_ name: String) -> String { "TRANSEG_" + name.uppercased() }

    /// Any name.
    struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// A range that a value must lie in, and how it is told.
    struct Check<Value: Sendable>: Sendable {
        let expected: String
        let isRight: @Sendable (Value) -> Bool

        init(_ expected: String, _ isRight: @escaping @Sendable (Value) -> Bool) {
            (self.expected, self.isRight) = (expected, isRight)
        }
    }

    /// A setting that always has a value; a required one has no built-in value.
    init<Value: SettingValue>(
        _ group: Group, _ name: String, _ path: any (WritableKeyPath<TrainingSettings, Value> & Sendable),
        _ role: Role = .recipe, formerName: String? = nil, value: String = "", isRequired: Bool = false,
        separator: String? = nil, help: String, check: Check<Value>? = nil
    ) {
        (self.group, self.name, self.role, self.help) = (group, name, role, help)
        (valueName, typeName, choices) = (value.isEmpty ? name : value, Value.typeName, Value.choices)
        (absence, self.isRequired, self.formerName) = (nil, isRequired, formerName)
        self.separator = separator
        text = { settings in
            let text = settings[keyPath: path].settingText
            return isRequired && text.isEmpty ? nil : text
        }
        set = { text, settings in
            let text = SettingText.trimmed(text, Value.self)
            guard let value = Value(settingText: text) else {
                return SettingText.problem(text, name, Value.self, orElse: nil)
            }
            settings[keyPath: path] = value
            return nil
        }
        reset = { $0[keyPath: path] = TrainingSettings()[keyPath: path] }
        problem = { settings in
            let value = settings[keyPath: path]
            guard let check, !check.isRight(value) else { return nil }
            return "\(name) is \(value.settingText); \(check.expected) was expected"
        }
        encode = { settings, container in
            try container.encode(settings[keyPath: path].stored, forKey: Key(name))
        }
        decode = { container, settings in
            let key = container.contains(Key(name)) ? Key(name) : Key(formerName ?? name)
            guard let stored = try container.decodeIfPresent(Value.Stored.self, forKey: key) else { return }
            settings[keyPath: path] = try Self.value(stored, name, in: container)
        }
    }

    /// A setting that may have no value, which `absence` describes; `absenceText` is how that can be written.
    init<Value: SettingValue>(
        _ group: Group, _ name: String, _ path: any (WritableKeyPath<TrainingSettings, Value?> & Sendable),
        _ role: Role = .recipe, absence: String, absenceText: String? = nil, value: String = "", help: String,
        check: Check<Value>? = nil
    ) {
        (self.group, self.name, self.role, self.help) = (group, name, role, help)
        (valueName, typeName, choices) = (value.isEmpty ? name : value, Value.typeName, Value.choices)
        (self.absence, isRequired, formerName, separator) = (absence, false, nil, nil)
        text = { $0[keyPath: path]?.settingText ?? absenceText }
        set = { text, settings in
            let text = SettingText.trimmed(text, Value.self)
            if text == absenceText {
                settings[keyPath: path] = nil
                return nil
            }
            guard let value = Value(settingText: text) else {
                return SettingText.problem(text, name, Value.self, orElse: absenceText)
            }
            settings[keyPath: path] = value
            return nil
        }
        reset = { $0[keyPath: path] = TrainingSettings()[keyPath: path] }
        problem = { settings in
            guard let value = settings[keyPath: path], let check, !check.isRight(value) else { return nil }
            return "\(name) is \(value.settingText); \(check.expected) was expected"
        }
        encode = { settings, container in
            try container.encodeIfPresent(settings[keyPath: path]?.stored, forKey: Key(name))
        }
        decode = { container, settings in
            guard let stored = try container.decodeIfPresent(Value.Stored.self, forKey: Key(name)) else { return }
            settings[keyPath: path] = try Self.value(stored, name, in: container) as Value
        }
    }

    private static func value<Value: SettingValue>(
        _ stored: Value.Stored, _ name: String, in container: KeyedDecodingContainer<Key>
    ) throws -> Value {
        guard let value = Value(stored: stored) else {
            throw DecodingError.dataCorruptedError(
                forKey: Key(name), in: container, debugDescription: "\(name) is \(stored), which is not known")
        }
        return value
    }
}
