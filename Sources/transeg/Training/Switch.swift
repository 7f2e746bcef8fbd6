import ArgumentParser

/// A truth value as people and YAML write it; "False" is false.
struct Switch: ExpressibleByArgument, Sendable, Equatable {
    let isOn: Bool

    init?(argument: String) {
        switch argument.lowercased() {
        case "true", "yes", "on", "1": isOn = true
        case "false", "no", "off", "0": isOn = false
        default: return nil
        }
    }

    static var allValueStrings: [String] { ["true", "false"] }
}
