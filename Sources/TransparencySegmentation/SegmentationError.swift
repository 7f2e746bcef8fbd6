public import Foundation

/// Why a picture cannot be segmented as asked. Each description is one sentence for a person.
public enum SegmentationError: Error, LocalizedError, CustomStringConvertible {
    /// A size that the model or the picture does not allow.
    case size(String)
    /// A device that is not there, or that cannot do what is asked.
    case device(String)
    /// More memory would be needed than may be taken.
    case memory(String)
    /// The model's arithmetic went beyond what the dtype can hold.
    case notFinite(dtype: String)
    case embeddedModelMissing
    /// A model folder's ``SegmentationConfiguration`` cannot be used.
    case configuration(file: String, reason: String)
    /// A file, folder or stream that names no pictures.
    case input(String)
    /// Results cannot be written where they are to go.
    case output(String)

    public var description: String {
        switch self {
        case .size(let message), .device(let message), .memory(let message), .input(let message), .output(let message):
            message
        case .notFinite(let dtype):
            "the model gave values that are not numbers in \(dtype): "
                + (dtype == "float16"
                    ? "they go beyond its range; take dtype bfloat16 or float32, which reach further"
                    : "its weights are damaged; fetch or export them again")
        case .embeddedModelMissing:
            "the embedded model is not beside the program; name a model folder or a Hugging Face id instead"
        case .configuration(let file, let reason): "\(file) cannot be used: \(reason)"
        }
    }

    public var errorDescription: String? { description }
}
