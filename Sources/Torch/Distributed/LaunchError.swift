import Foundation

/// A launcher's environment that cannot be understood.
package struct LaunchError: Error, LocalizedError, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    package var errorDescription: String? { description }
}
