/// Environment variables of launchers, read by type.
struct LaunchVariables {
    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    /// The value; nil where it is missing or empty.
    subscript(name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    func text(_ name: String) throws -> String {
        guard let value = self[name] else {
            throw LaunchError("the launcher set RANK and WORLD_SIZE, but not \(name); start the processes by torchrun")
        }
        return value
    }

    func number(_ name: String, default fallback: @autoclosure () throws -> Int? = nil) throws -> Int {
        guard let value = self[name] else {
            guard let fallback = try fallback() else {
                throw LaunchError("the launcher did not set \(name), beside other variables of its kind")
            }
            return fallback
        }
        guard let number = Int(value), number >= 0 else {
            throw LaunchError("\(name) is '\(value)'; a whole number from 0 on was expected")
        }
        return number
    }
}
