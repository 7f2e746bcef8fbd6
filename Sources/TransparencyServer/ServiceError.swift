public import Foundation

/// Why the service cannot begin. The description is one sentence for a person.
public struct ServiceError: Error, Equatable, CustomStringConvertible, LocalizedError {
    public let description: String
    public var errorDescription: String? { description }

    package init(_ description: String) { self.description = description }
}
