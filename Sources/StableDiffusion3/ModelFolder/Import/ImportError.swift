import Foundation

/// Why what a person has cannot be made a model folder, in a sentence that names the file and the remedy.
package struct ImportError: Error, LocalizedError, CustomStringConvertible {
    package let description: String
    package var errorDescription: String? { description }

    init(_ description: String) { self.description = description }

    /// Some of the names and how many more there are.
    static func list(_ names: some Collection<String>) -> String {
        let shown = names.sorted().prefix(3).joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
    }
}
