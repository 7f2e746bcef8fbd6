public import Foundation

/// Why a model cannot be used, in a sentence that names the file and the remedy.
public enum ModelError: Error, LocalizedError, CustomStringConvertible {
    /// Neither a folder nor in the Hugging Face cache.
    case notFound(String)
    /// A folder without a part of the model.
    case incomplete(folder: String, missing: String, remedy: String)
    /// A `config.json` that asks for something else than this package's models.
    case configuration(file: String, String)
    case unreadable(file: String, reason: String)
    /// A picture size that the model cannot take.
    case size(String)
    /// Low-rank adapters that do not fit the model.
    case adapter(String)
    /// A weight that the dtype cannot hold.
    case range(String)

    public var description: String {
        switch self {
        case .notFound(let message): message
        case .incomplete(let folder, let missing, let remedy): "\(folder) has no \(missing); \(remedy)"
        case .configuration(let file, let message): "\(file): \(message)"
        case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
        case .size(let message), .adapter(let message), .range(let message): message
        }
    }

    public var errorDescription: String? { description }
}
