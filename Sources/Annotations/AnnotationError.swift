public import Foundation

/// Why annotations cannot be read or written: a sentence.
public struct AnnotationError: Error, Equatable, LocalizedError, CustomStringConvertible {
    public let description: String

    package init(_ description: String) { self.description = description }

    public var errorDescription: String? { description }
}
