extension SettingsTable {
    /// A commented YAML file of all settings with their built-in values, by groups.
    package static func template() -> String {
        let standard = TrainingSettings()
        let bodies = Setting.Group.allCases.map { group in
            let settings = all.filter { $0.group == group }.map { setting in
                let details = [
                    setting.choices.isEmpty ? nil : setting.choices.joined(separator: ", "),
                    setting.absence.map { "null: \($0)" }, setting.isRequired ? "needed" : nil,
                ].compactMap(\.self)
                let remark = details.isEmpty ? "" : " (\(details.joined(separator: "; ")))"
                return "  # \(setting.help)\(remark)\n  \(setting.name): \(setting.text(standard) ?? "null")\n"
            }
            return "\(group.rawValue):\n" + settings.joined()
        }
        return """
            # transeg train --config FILE
            # Options override TRANSEG_<NAME> in the environment, which overrides files; later files override earlier ones.
            \(SettingsFile.versionName): \(SettingsFile.version)


            """ + bodies.joined(separator: "\n")
    }
}
