import Foundation

/// Why a state dict does not fit the model that reads it.
package enum WeightsError: Error, LocalizedError, CustomStringConvertible, Equatable {
    case missing(key: String, file: String)
    /// A weight has something before its name that is no part of the model's.
    case prefixed(key: String, file: String, stored: String)
    case wrongShape(key: String, file: String, found: [Int], expected: [Int])
    case notFloatingPoint(key: String, file: String, dtype: String)
    case unexpected(keys: [String], file: String)

    package var description: String {
        switch self {
        case .missing(let key, let file):
            return "\(file): the weight \(key) is missing; the file and its config.json do not belong together"
        case .prefixed(let key, let file, let stored):
            return
                "\(file): the weight \(key) is there as \(stored); take the prefix \(stored.dropLast(key.count)) off the keys"
        case .wrongShape(let key, let file, let found, let expected):
            return "\(file): the weight \(key) has shape \(found), but config.json asks for \(expected); "
                + "the file and its config.json do not belong together"
        case .notFloatingPoint(let key, let file, let dtype):
            let remedy =
                dtype.hasPrefix("F8")
                ? "'transeg import' makes a wider one of it" : "a floating-point dtype was expected"
            return "\(file): the weight \(key) is of dtype \(dtype); \(remedy)"
        case .unexpected(let keys, let file):
            let shown = keys.prefix(3).joined(separator: ", ")
            let more = keys.count > 3 ? " and \(keys.count - 3) more" : ""
            return "\(file): the model has no place for the weights \(shown)\(more); "
                + "the file and its config.json do not belong together"
        }
    }

    package var errorDescription: String? { description }
}
